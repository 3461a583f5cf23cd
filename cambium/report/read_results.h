#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cambium/report/run.h"

namespace cambium::report {

/// A results_*.json of `cambium eval` or of lm-evaluation-harness.
struct Evaluation {
  std::filesystem::path file;
  std::string model;              ///< as the file names it
  std::vector<TaskScore> scores;  ///< the first metric of a task is the one that stands for it
  formats::Json settings;         ///< its `config`
};

bool is_evaluation(const std::filesystem::path& file);
/// Throws InvalidInput that names file and key where it does not hold what such a file holds.
Evaluation read_evaluation(const std::filesystem::path& file);

/// Whether a file's name is that of an analysis, "depth-score.json".
bool is_analysis(const std::filesystem::path& file);
/// Throws InvalidInput that names file and key.
AnalysisFile read_analysis(const std::filesystem::path& file);

}  // namespace cambium::report
