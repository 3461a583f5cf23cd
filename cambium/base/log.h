#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace cambium {

/// The one logger of the process: lines to stderr, and to a file as well once `log_to_file` was called.
void log_info(std::string_view message);
/// A line that starts with "warning: ".
void log_warning(std::string_view message);
/// A line that starts with "error: ".
void log_error(std::string_view message);

/// From here on this process tells of warnings and errors alone, each behind `who`: one of several that do the same.
void log_as_follower(std::string_view who);

/// Appends every later line, with its time, to `path` too. A file that would get longer than `max_bytes` becomes
/// NAME.1.EXT and a new one is begun; of the old ones the newest kOldLogs stay. Throws Error where it cannot be opened.
inline constexpr int kOldLogs = 9;
void log_to_file(const std::filesystem::path& path, int64_t max_bytes = int64_t{16} << 20);

}  // namespace cambium
