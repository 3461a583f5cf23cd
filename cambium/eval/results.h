#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "cambium/eval/evaluate.h"

namespace cambium::eval {

/// Mean score of the tasks of each group, in percent where the scores are shares.
struct GroupScore {
  std::string group;
  double score = 0;
  std::vector<std::string> tasks;
};
std::vector<GroupScore> group_scores(std::span<const TaskResult> results);

/// results_<date>.json, with the harness's keys: results, n-shot, n-samples, versions, configs, higher_is_better;
/// beside them group_averages.
formats::Json results_json(std::span<const TaskResult> results, const EvalSettings& settings,
                           const std::string& model_name);

/// Writes results_<date>.json and samples_<task>_<date>.jsonl into `out`; gives the results' file.
std::filesystem::path write_results(const std::filesystem::path& out, std::span<const TaskResult> results,
                                    const EvalSettings& settings, const std::string& model_name);

/// The tables that `cambium eval` prints: every metric, then the groups.
std::string results_table(std::span<const TaskResult> results);

}  // namespace cambium::eval
