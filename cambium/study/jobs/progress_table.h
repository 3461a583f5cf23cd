#pragma once

#include <cstdio>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "cambium/study/jobs/scheduler.h"

namespace cambium::study {

/// Where a training is, by the last whole line of its metrics.jsonl.
struct TrainingPlace {
  int64_t step = 0;
  double loss = 0;
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
  /// The share of a training's steps that it has made, and of these the share since this start.
  struct Share {
    double all = 0, now = 0;
  };
  Share share(size_t job) const;

  std::span<const Job> jobs_;
  const Settings& settings_;
  bool terminal_;
  size_t lines_ = 0;
  double next_ = 0;
  std::map<size_t, int64_t> began_at_;  ///< for each training that runs: the step at which it went on
};

/// The last lines of a file, for the message on a job that failed.
std::string last_lines(const std::filesystem::path& file, int count);

}  // namespace cambium::study
