#include "cambium/study/jobs/progress_table.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "cambium/base/format.h"
#include "cambium/base/progress.h"
#include "cambium/formats/json.h"

namespace cambium::study {
namespace fs = std::filesystem;
namespace {

using formats::Json;

constexpr double kTableSeconds = 0.5, kLineSeconds = 30;

/// The end of a file, from the beginning of a line on.
std::string tail(const fs::path& file, int64_t bytes) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) {
    return "";
  }
  const auto size = static_cast<int64_t>(in.tellg()), begin = std::max<int64_t>(0, size - bytes);
  std::string text(static_cast<size_t>(size - begin), '\0');
  in.seekg(begin);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(0, in.gcount())));
  return begin == 0 ? text : text.substr(std::min(text.find('\n'), text.size() - 1) + 1);
}

}  // namespace

std::optional<TrainingPlace> training_place(const fs::path& run) {
  std::string text = tail(run / "metrics.jsonl", 1 << 14);
  while (!text.empty()) {
    const size_t end = text.rfind('\n');
    if (end == std::string::npos) {
      return std::nullopt;
    }
    const size_t begin = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
    const Json line = Json::parse(
        text.substr(begin == std::string::npos ? 0 : begin + 1, end - (begin == std::string::npos ? 0 : begin + 1)),
        nullptr, /*allow_exceptions=*/false);
    const auto number = [&](const char* key) {
      return line.contains(key) && line[key].is_number() ? line[key].get<double>() : 0.0;
    };
    if (line.is_object() && !line.contains("event") && line.contains("step")) {
      return TrainingPlace{.step = static_cast<int64_t>(number("step")), .loss = number("loss")};
    }
    text.resize(begin == std::string::npos ? 0 : begin + 1);
  }
  return std::nullopt;
}

std::string last_lines(const fs::path& file, int count) {
  std::string text = tail(file, 1 << 13);
  while (text.ends_with('\n')) {
    text.pop_back();
  }
  size_t begin = text.size();
  for (int i = 0; i < count && begin != std::string::npos; ++i) {
    begin = begin == 0 ? std::string::npos : text.rfind('\n', begin - 1);
  }
  return begin == std::string::npos ? text : text.substr(begin + 1);
}

ProgressTable::ProgressTable(std::span<const Job> jobs, const Settings& settings)
    : jobs_(jobs), settings_(settings), terminal_(isatty(STDERR_FILENO) != 0) {}

std::string ProgressTable::running_line(size_t job, const JobState& state, double seconds) const {
  std::string text = format("{:<28} {:>9}", jobs_[job].name, format_duration(seconds - state.began));
  if (jobs_[job].run.empty()) {
    return text;
  }
  const std::optional<TrainingPlace> place = training_place(jobs_[job].run);
  if (place && jobs_[job].steps > 0) {
    text += format("  step {}/{}  loss {:.4f}", place->step, jobs_[job].steps, place->loss);
    if (const Share made = share(job); made.now > 0) {
      text += format("  ETA {}", format_duration((seconds - state.began) * (1 - made.all) / made.now));
    }
  }
  return text;
}

ProgressTable::Share ProgressTable::share(size_t job) const {
  const auto began = began_at_.find(job);
  const auto place = began == began_at_.end() ? std::nullopt : training_place(jobs_[job].run);
  if (!place || jobs_[job].steps == 0) {
    return {};
  }
  const auto steps = static_cast<double>(jobs_[job].steps);
  const double all = std::min(1.0, static_cast<double>(place->step) / steps);
  return {.all = all, .now = std::max(0.0, all - static_cast<double>(began->second) / steps)};
}

std::string ProgressTable::overall(std::span<const JobState> states, double seconds) const {
  size_t done = 0, failed = 0;
  double measured = 0, left = 0;  // training FLOPs made in this start, and still to be made
  for (size_t i = 0; i < states.size(); ++i) {
    done += states[i].state == State::kDone ? 1 : 0;
    failed += states[i].state == State::kFailed || states[i].state == State::kBlocked ? 1 : 0;
    const bool open = states[i].state == State::kWaiting || states[i].state == State::kRunning;
    const Share made = states[i].state == State::kRunning ? share(i) : Share{};
    left += open ? (1 - made.all) * jobs_[i].flops : 0;
    measured += states[i].state == State::kDone && !states[i].skipped ? jobs_[i].flops : made.now * jobs_[i].flops;
  }
  std::string text = format("{} of {} jobs done{}, {}", done, states.size(),
                            failed > 0 ? format(", {} failed or blocked", failed) : "", format_duration(seconds));
  if (measured > 0 && left > 0) {
    text += format(", training ETA {}", format_duration(seconds * left / measured));
  }
  return text;
}

void ProgressTable::tell(size_t job, const JobState& state) {
  const std::string& name = jobs_[job].name;
  std::string line;
  if (state.state == State::kRunning) {
    line = terminal_ ? "" : format("{}: begins\n", name);
  } else if (state.state == State::kFailed) {
    const fs::path log = log_file(settings_, jobs_[job]);
    line = format("{}: FAILED with exit code {} after {}; the end of {}:\n{}\n", name, state.exit_code,
                  format_duration(state.seconds), log.string(), last_lines(log, 8));
  } else if (state.state == State::kDone) {
    line = format("{}: done in {}\n", name, format_duration(state.seconds));
  }
  std::fputs(line.c_str(), stderr);
}

void ProgressTable::look(std::span<const JobState> states, double seconds, int64_t changed) {
  if (changed >= 0) {
    const auto job = static_cast<size_t>(changed);
    if (states[job].state == State::kRunning && !jobs_[job].run.empty()) {
      const std::optional<TrainingPlace> place = training_place(jobs_[job].run);
      began_at_[job] = place ? place->step : 0;
    }
  }
  if (changed >= 0) {
    clear();
    tell(static_cast<size_t>(changed), states[static_cast<size_t>(changed)]);
  }
  if (changed < 0 && seconds < next_) {
    return;
  }
  next_ = changed < 0 || terminal_ ? seconds + (terminal_ ? kTableSeconds : kLineSeconds) : next_;
  if (changed >= 0 && !terminal_) {
    next_ = std::max(next_, seconds + kLineSeconds);
    return;
  }
  clear();
  std::string text;
  for (size_t i = 0; i < states.size(); ++i) {
    if (states[i].state == State::kRunning) {
      text += running_line(i, states[i], seconds) + "\n";
    }
  }
  text += overall(states, seconds) + "\n";
  lines_ = terminal_ ? static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) : 0;
  std::fputs(text.c_str(), stderr);
}

void ProgressTable::clear() {
  for (; lines_ > 0; --lines_) {
    std::fputs("\x1b[1A\x1b[2K", stderr);  // one line up, and emptied
  }
}

}  // namespace cambium::study
