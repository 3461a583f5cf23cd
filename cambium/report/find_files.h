#pragma once

#include <filesystem>
#include <span>
#include <vector>

namespace cambium::report {

/// What lies below some directories, each file once, in order of their paths.
struct FoundFiles {
  std::vector<std::filesystem::path> runs;  ///< directories
  std::vector<std::filesystem::path> evaluations, analyses, studies;
};

/// Throws InvalidInput where one of the directories is none.
FoundFiles find_files(std::span<const std::filesystem::path> directories);

}  // namespace cambium::report
