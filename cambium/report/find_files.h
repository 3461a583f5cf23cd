#pragma once

#include <filesystem>
#include <span>
#include <vector>

namespace cambium::report {

/// What lies below some directories and in the runs of some studies, each file once, in order of their paths.
struct FoundFiles {
  std::vector<std::filesystem::path> runs;  ///< directories
  std::vector<std::filesystem::path> evaluations, analyses, studies;
};

/// `places`: directories, and the study.json of studies. Throws InvalidInput for anything else.
FoundFiles find_files(std::span<const std::filesystem::path> places);

}  // namespace cambium::report
