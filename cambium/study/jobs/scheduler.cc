#include "cambium/study/jobs/scheduler.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string_view>
#include <thread>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/lock.h"
#include "cambium/base/log.h"
#include "cambium/base/signals.h"
#include "cambium/study/jobs/process.h"
#include "cambium/study/jobs/stamp.h"

namespace cambium::study {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrepare = "prepare/";  // jobs of [[prepare]]
constexpr auto kPause = std::chrono::milliseconds(50);

std::string file_name(const Job& job) {
  std::string name = job.name;
  std::replace(name.begin(), name.end(), '/', '-');
  return name;
}

/// A kill between an evaluation's end and its stamp leaves results that the next start writes again, under a new date.
void remove_results(const fs::path& folder) {
  if (folder.empty() || !fs::is_directory(folder)) {
    return;
  }
  std::vector<fs::path> old;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("results_") || name.starts_with("samples_")) {
      old.push_back(entry.path());
    }
  }
  for (const fs::path& file : old) {
    fs::remove(file);
  }
}

/// Commands that prepare data do not go over what is there. This remembers which of their outputs were not there when
/// the study first began them: those are its own, and what a kill left of them may go. What was there before is never
/// touched.
class Outputs {
 public:
  Outputs(fs::path file, const Job& job) : file_(std::move(file)), job_(job) {}

  /// Whether everything was there before the study came: then it is taken as it is.
  bool given() const {
    return !fs::exists(file_) &&
           std::all_of(job_.makes.begin(), job_.makes.end(), [](const fs::path& made) { return fs::exists(made); });
  }
  void make_room() const {
    if (!fs::exists(file_)) {
      std::string own;
      for (const fs::path& made : job_.makes) {
        own += fs::exists(made) ? "" : made.string() + "\n";
      }
      write_file_atomic(file_, own);
      return;
    }
    const std::string own = "\n" + read_file(file_);
    for (const fs::path& made : job_.makes) {
      if (own.find("\n" + made.string() + "\n") != std::string::npos) {
        fs::remove_all(made);
      }
    }
  }

 private:
  fs::path file_;
  const Job& job_;
};

class Scheduler {
 public:
  Scheduler(std::span<const Job> jobs, const Settings& settings, Watcher& watcher)
      : jobs_(jobs), settings_(settings), watcher_(watcher), states_(jobs.size()) {
    for (int slot = settings.jobs; slot-- > 0;) {
      slots_.push_back(slot);
    }
  }

  std::vector<JobState> run() {
    make_directories(settings_.folder);
    const FileLock lock(settings_.folder / "lock", "study", settings_.folder.parent_path());
    const StopRequest stop;
    const std::vector<bool> done = done_jobs(jobs_, settings_);
    for (size_t i = 0; i < jobs_.size(); ++i) {
      // The report is cheap, and what it shows may have changed: it is made each time.
      if (done[i] && !jobs_[i].report) {
        states_[i] = {.state = State::kDone, .skipped = true};
      }
    }
    for (;;) {
      for (size_t i = 0; i < jobs_.size() && !slots_.empty() && StopRequest::signal() == 0; ++i) {
        if (ready(i)) {
          start(i);
        }
      }
      if (running_.empty()) {
        if (StopRequest::signal() == 0 && any_ready()) {
          continue;  // what was given has made others ready
        }
        break;
      }
      std::this_thread::sleep_for(kPause);
      collect();
      watcher_.look(states_, now(), -1);
      if (StopRequest::signal() != 0) {
        stop_all();
      }
    }
    if (StopRequest::signal() != 0) {
      stop_all();
    }
    return std::move(states_);
  }

 private:
  struct Running {
    std::unique_ptr<Process> process;
    int slot;
  };

  double now() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

  /// Whether a job may begin; marks it where it never will.
  bool ready(size_t i) {
    if (states_[i].state != State::kWaiting) {
      return false;
    }
    const auto all = [&](auto... wanted) {
      return std::all_of(jobs_[i].after.begin(), jobs_[i].after.end(),
                         [&](size_t before) { return ((states_[before].state == wanted) || ...); });
    };
    if (jobs_[i].report) {
      const bool any = std::any_of(jobs_[i].after.begin(), jobs_[i].after.end(), [&](size_t before) {
        return !jobs_[before].run.empty() && states_[before].state == State::kDone;
      });
      const bool ended = all(State::kDone, State::kFailed, State::kBlocked);
      if (ended && !any) {
        states_[i].state = State::kBlocked;
      }
      return ended && any;
    }
    const bool never = std::any_of(jobs_[i].after.begin(), jobs_[i].after.end(), [&](size_t before) {
      return states_[before].state == State::kFailed || states_[before].state == State::kBlocked;
    });
    if (never) {
      states_[i].state = State::kBlocked;
      return false;
    }
    return all(State::kDone);
  }

  bool any_ready() {
    for (size_t i = 0; i < jobs_.size(); ++i) {
      if (ready(i)) {
        return true;
      }
    }
    return false;
  }

  void start(size_t i) {
    const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / settings_.jobs);
    const Process::Cores share{.first = slots_.back() * cores, .count = settings_.jobs > 1 ? cores : 0};
    for (const fs::path& made : jobs_[i].makes) {
      make_directories(fs::absolute(made).parent_path());
    }
    if (jobs_[i].name.starts_with(kPrepare)) {
      const Outputs outputs(settings_.folder / (file_name(jobs_[i]) + ".begun"), jobs_[i]);
      if (outputs.given()) {
        states_[i] = {.state = State::kDone, .skipped = true};
        stamp(i);
        return;
      }
      outputs.make_room();
    }
    remove_results(jobs_[i].results);
    fs::remove(stamp_file(settings_, jobs_[i]));
    running_[i] = {.process = std::make_unique<Process>(settings_.program, jobs_[i].arguments,
                                                        log_file(settings_, jobs_[i]), share),
                   .slot = slots_.back()};
    slots_.pop_back();
    states_[i] = {.state = State::kRunning, .skipped = false, .began = now()};
    watcher_.look(states_, now(), static_cast<int64_t>(i));
  }

  void collect() {
    for (auto entry = running_.begin(); entry != running_.end();) {
      const size_t i = entry->first;
      const std::optional<int> code = entry->second.process->poll();
      if (!code) {
        ++entry;
        continue;
      }
      slots_.push_back(entry->second.slot);
      entry = running_.erase(entry);
      states_[i].exit_code = *code;
      states_[i].seconds = now() - states_[i].began;
      states_[i].state = *code == 0 ? State::kDone : State::kFailed;
      if (*code == 0) {
        stamp(i);
      }
      watcher_.look(states_, now(), static_cast<int64_t>(i));
    }
  }

  /// A job that did not make what it was to make has failed.
  void stamp(size_t i) {
    try {
      write_stamp(stamp_file(settings_, jobs_[i]), jobs_[i]);
    } catch (const Error& error) {
      log_error(error.what());
      states_[i].state = State::kFailed;
    }
  }

  /// Passes the signal on, and waits until all have saved.
  [[noreturn]] void stop_all() {
    for (const auto& [i, running] : running_) {
      running.process->terminate();
    }
    while (!running_.empty()) {
      std::this_thread::sleep_for(kPause);
      std::erase_if(running_, [](const auto& entry) { return entry.second.process->poll().has_value(); });
    }
    throw Stopped("stopped; the same command goes on from here");
  }

  std::span<const Job> jobs_;
  const Settings& settings_;
  Watcher& watcher_;
  std::vector<JobState> states_;
  std::vector<int> slots_;
  std::map<size_t, Running> running_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

fs::path stamp_file(const Settings& settings, const Job& job) { return settings.folder / (file_name(job) + ".done"); }
fs::path log_file(const Settings& settings, const Job& job) { return settings.folder / (file_name(job) + ".log"); }

std::vector<bool> done_jobs(std::span<const Job> jobs, const Settings& settings) {
  std::vector<bool> done(jobs.size());
  for (size_t i = 0; i < jobs.size(); ++i) {
    // What stands behind something that has to be made again is made again too.
    done[i] = std::all_of(jobs[i].after.begin(), jobs[i].after.end(), [&](size_t before) { return done[before]; }) &&
              is_done(stamp_file(settings, jobs[i]), jobs[i]);
  }
  return done;
}

std::vector<JobState> run_jobs(std::span<const Job> jobs, const Settings& settings, Watcher& watcher) {
  return Scheduler(jobs, settings, watcher).run();
}

}  // namespace cambium::study
