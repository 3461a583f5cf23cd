#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cambium/eval/tasks/task.h"
#include "cambium/formats/json.h"

namespace cambium::eval {

struct MetricValue {
  std::string key;  ///< "acc,none"
  double value = 0;
  std::optional<double> standard_error = {};
  bool higher_is_better = true;
};

/// The metrics of all questions: means with their sample standard error, perplexities with the bootstrapped one
/// (`bootstrap` resamples drawn as the harness draws them; 0: none), SQuAD's with the best threshold.
std::vector<MetricValue> aggregate(const Task& task, const AnswerFilter& filter,
                                   std::span<const formats::Json> measured, int64_t bootstrap);

}  // namespace cambium::eval
