#pragma once

#include <filesystem>

namespace cambium {

/// Gives a file or directory another name on the same file system, over a file of that name. Throws Error with both
/// names and the system's reason.
void rename_path(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace cambium
