#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "cambium/study/jobs/job.h"

namespace cambium::study {

enum class State { kWaiting, kRunning, kDone, kFailed, kBlocked };

/// How far a job is.
struct JobState {
  State state = State::kWaiting;
  bool skipped = false;  ///< was done by an earlier start
  double began = 0;      ///< seconds since the start of the study
  double seconds = 0;    ///< that it took
  int exit_code = 0;
};

struct Settings {
  std::filesystem::path program;  ///< cambium itself
  std::filesystem::path folder;   ///< for stamps and logs
  int jobs = 1;                   ///< side by side; cores are shared out evenly
};

/// Called when a job begins or ends (`changed`: its index) and a few times a second (-1).
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void look(std::span<const JobState> states, double seconds, int64_t changed) = 0;
};

std::filesystem::path stamp_file(const Settings& settings, const Job& job);
std::filesystem::path log_file(const Settings& settings, const Job& job);

/// Runs what is not done yet, each job when those before it are done. A job that fails blocks only those behind it, but
/// not the report, which runs at the end unless nothing was trained. Throws Stopped when a signal asked to stop, after
/// the children have saved and ended.
std::vector<JobState> run_jobs(std::span<const Job> jobs, const Settings& settings, Watcher& watcher);

/// Which jobs an earlier start has done already.
std::vector<bool> done_jobs(std::span<const Job> jobs, const Settings& settings);

}  // namespace cambium::study
