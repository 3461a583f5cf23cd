#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace cambium {

/// "1.5 s", "2:05", "1:02:03", "3 d 4 h".
std::string format_duration(double seconds);
/// "1.5 kB", "20.0 MB" (powers of 1000).
std::string format_bytes(double bytes);
/// 12345678 -> "12,345,678".
std::string format_count(int64_t count);

/// Progress of one task on stderr: a line rewritten in place on a terminal, a plain line every few seconds elsewhere,
/// nothing at all when the task ends within two seconds.
class Progress {
 public:
  /// `total`: units of work ("bytes", "documents"), or 0 where it is not known.
  Progress(std::string_view task, int64_t total, std::string_view unit);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  /// `done` units so far; `note` is printed behind the numbers. Cheap to call often.
  void update(int64_t done, std::string_view note = {});
  /// Ends the line.
  void finish();

 private:
  void print(int64_t done, std::string_view note);

  std::string task_;
  int64_t total_;
  std::string unit_;
  bool terminal_;
  bool printed_ = false;
  bool finished_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point next_print_;
};

}  // namespace cambium
