#pragma once

#include <filesystem>
#include <string>

namespace cambium::train {

/// Writes `manifest.json` into a directory: size and XXH3-128 of every file that lies in it. The last file written.
void write_manifest(const std::filesystem::path& directory);

/// What is wrong with a directory by its manifest, or "" where every file is there, whole and unchanged. `hashes` =
/// false compares names and sizes only.
std::string check_manifest(const std::filesystem::path& directory, bool hashes);

/// The hash that a directory's manifest states for a file; "" where it states none.
std::string stated_hash(const std::filesystem::path& directory, const std::string& name);

}  // namespace cambium::train
