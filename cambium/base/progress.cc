#include "cambium/base/progress.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "cambium/base/format.h"

namespace cambium {
namespace {

constexpr auto kQuiet = std::chrono::seconds(2);
constexpr auto kTerminalInterval = std::chrono::milliseconds(200);
constexpr auto kPlainInterval = std::chrono::seconds(5);

}  // namespace

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) {
    return "?";
  }
  if (seconds < 59.95) {
    return format("{:.1f} s", seconds);
  }
  const int64_t whole = std::llround(seconds);
  if (whole < 3600) {
    return format("{}:{:02}", whole / 60, whole % 60);
  }
  if (whole < 48 * 3600) {
    return format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return format("{} d {} h", whole / 86400, whole / 3600 % 24);
}

std::string format_bytes(double bytes) {
  constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
  size_t unit = 0;
  while (bytes >= 999.95 && unit + 1 < kUnits.size()) {
    bytes /= 1000;
    ++unit;
  }
  return unit == 0 ? format("{:.0f} B", bytes) : format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string format_count(int64_t count) {
  std::string digits = std::to_string(count);
  const int64_t first = count < 0 ? 1 : 0;
  for (int64_t at = static_cast<int64_t>(digits.size()) - 3; at > first; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

Progress::Progress(std::string_view task, int64_t total, std::string_view unit)
    : task_(task),
      total_(total),
      unit_(unit),
      terminal_(::isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()),
      next_print_(start_ + kQuiet) {}

Progress::~Progress() { finish(); }

void Progress::update(int64_t done, std::string_view note) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_print_) {
    return;
  }
  next_print_ = now + (terminal_ ? std::chrono::duration_cast<std::chrono::milliseconds>(kTerminalInterval)
                                 : std::chrono::duration_cast<std::chrono::milliseconds>(kPlainInterval));
  print(done, note);
}

void Progress::print(int64_t done, std::string_view note) {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const auto amount = [this](int64_t n) {
    return unit_ == "bytes" ? format_bytes(static_cast<double>(n)) : format_count(n);
  };
  std::string line = format("{}: {}", task_, amount(done));
  if (total_ > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
    line += format(" of {}", amount(total_));
    if (done > 0) {
      line += format(" ({:.0f} %), ETA {}", 100 * share, format_duration(seconds * (1 - share) / share));
    }
  }
  if (unit_ != "bytes") {
    line += " " + unit_;
  }
  if (!note.empty()) {
    line += format(", {}", note);
  }
  printed_ = true;
  std::fprintf(stderr, terminal_ ? "\r%s\033[K" : "%s\n", line.c_str());
  std::fflush(stderr);
}

void Progress::finish() {
  if (finished_) {
    return;
  }
  finished_ = true;
  if (printed_ && terminal_) {
    std::fprintf(stderr, "\r\033[K");
    std::fflush(stderr);
  }
}

}  // namespace cambium
