#pragma once

#include <filesystem>
#include <string_view>

namespace cambium {

/// The one logger of the process: lines to stderr, and to a file as well once `log_to_file` was called.
void log_info(std::string_view message);
/// A line that starts with "warning: ".
void log_warning(std::string_view message);
/// A line that starts with "error: ".
void log_error(std::string_view message);

/// Appends every later line, with its time, to `path` too. Throws Error where it cannot be opened.
void log_to_file(const std::filesystem::path& path);

}  // namespace cambium
