#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cambium/eval/tasks/request.h"
#include "cambium/eval/tasks/task.h"

namespace cambium::eval {

/// An item as its task sees it.
struct Example {
  formats::Json document;            ///< as the file has it
  std::string prompt;                ///< without description and few-shot examples
  std::vector<std::string> targets;  ///< any is right
  std::vector<std::string> choices;
  std::vector<std::string> contexts;  ///< of multiple choice over contexts
  std::vector<int64_t> gold;          ///< indices of right choices
};
Example make_example(const Task& task, const Document& document);

/// What is asked about an item.
struct TaskQuestion {
  Example example;
  std::vector<Request> requests;
};

/// The questions of a task about its documents (at most `limit`), with `num_fewshot` examples in front, drawn as the
/// harness draws them (seed 1234).
std::vector<TaskQuestion> make_questions(const Task& task, const std::filesystem::path& data,
                                         std::optional<int64_t> limit, int64_t num_fewshot);

}  // namespace cambium::eval
