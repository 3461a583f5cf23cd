#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cambium/dist/group.h"
#include "cambium/eval/aggregate.h"
#include "cambium/eval/scorer.h"
#include "cambium/eval/tasks/task.h"

namespace cambium::eval {

struct EvalSettings {
  ScorerSettings scorer;
  std::filesystem::path data;               ///< where the tasks' files lie
  std::optional<int64_t> num_fewshot = {};  ///< instead of each task's own
  std::optional<int64_t> limit = {};        ///< items of a task
  int64_t bootstrap = 100'000;              ///< resamples for the standard error of perplexities
  std::filesystem::path answers = {};  ///< a folder that keeps finished answers, to go on after a kill; empty: none
  bool progress = false;
};

struct TaskResult {
  std::string name, group, version;
  int64_t num_fewshot = 0;
  int64_t items = 0;
  std::vector<MetricValue> metrics;
  formats::Json profile;               ///< of rolling tasks, else null
  std::vector<formats::Json> samples;  ///< lines of samples_<task>_<date>.jsonl

  /// The task's score in tables: its first metric that is not a perplexity, or its first.
  const MetricValue& primary() const;
  /// That score as a share of 1: SQuAD's metrics are in percent.
  double accuracy() const;
};

/// Tasks with their data read, to be asked as often as one likes.
class Evaluation {
 public:
  /// Reads all data and refuses what is broken, before the first answer. Throws InvalidInput.
  Evaluation(std::vector<Task> tasks, EvalSettings settings);
  Evaluation(Evaluation&&) noexcept;
  ~Evaluation();

  /// XXH3-128 of the tasks, their items and what is asked about them.
  std::string hash() const;

  /// The ranks of a group share the requests, and all have all of the results.
  std::vector<TaskResult> run(const Subject& subject, dist::Group& group = *dist::alone()) const;
  /// Asks along each of several routes at once (not the subject's own), task by task, without keeping answers on disk.
  void run(const Subject& subject, std::span<const model::Route> routes,
           const std::function<void(size_t route, const TaskResult& result)>& answered) const;

 private:
  struct Exam;
  std::vector<Exam> exams_;
  EvalSettings settings_;
};

/// Asks the subject the tasks' questions once.
std::vector<TaskResult> evaluate(const Subject& subject, std::vector<Task> tasks, const EvalSettings& settings,
                                 dist::Group& group = *dist::alone());

}  // namespace cambium::eval
