#pragma once

#include <ATen/ATen.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/analysis/analysis.h"
#include "cambium/eval/evaluate.h"

namespace cambium::analysis {

/// Benchmark tasks on which interventions are measured beside the loss.
class Tasks {
 public:
  /// Reads the tasks' data. Throws InvalidInput, also for tasks that measure the likelihood of texts: they have no
  /// right answers.
  Tasks(std::vector<eval::Task> tasks, eval::EvalSettings settings, const text::Tokenizer& tokenizer);

  const std::vector<std::string>& names() const { return names_; }
  /// Of the questions, and of what turns them into tokens.
  const std::string& hash() const { return hash_; }

  /// The share of right answers along each route, by the score that `cambium eval` shows for the task: [routes, tasks]
  /// float64. Routes that begin alike are asked together. `unit` begins the names of the units of work, one a route.
  at::Tensor accuracies(Context& context, std::span<const model::Route> routes, std::string_view unit) const;

 private:
  const text::Tokenizer& tokenizer_;
  std::vector<std::string> names_;
  eval::Evaluation evaluation_;
  std::string hash_;
};

}  // namespace cambium::analysis
