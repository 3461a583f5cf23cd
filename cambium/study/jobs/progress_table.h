#pragma once

#include <cstdio>
#include <optional>
#include <span>
#include <string>

#include "cambium/study/jobs/scheduler.h"

namespace cambium::study {

/// Where a training is, by the last whole line of its metrics.jsonl.
struct TrainingPlace {
  int64_t step = 0;
  double loss = 0;
  double seconds = 0;  ///< of its process
};
std::optional<TrainingPlace> training_place(const std::filesystem::path& run);

/// Tells how a study goes: on a terminal a table of what runs, rewritten in place; elsewhere a line when a job begins
/// or ends, and every half minute one for each that runs.
class ProgressTable : public Watcher {
 public:
  ProgressTable(std::span<const Job> jobs, const Settings& settings);
  void look(std::span<const JobState> states, double seconds, int64_t changed) override;
  /// Removes the table from the terminal.
  void clear();

 private:
  std::string running_line(size_t job, const JobState& state, double seconds) const;
  std::string overall(std::span<const JobState> states, double seconds) const;
  void tell(size_t job, const JobState& state);

  std::span<const Job> jobs_;
  const Settings& settings_;
  bool terminal_;
  size_t lines_ = 0;
  double next_ = 0;
};

/// The last lines of a file, for the message on a job that failed.
std::string last_lines(const std::filesystem::path& file, int count);

}  // namespace cambium::study
