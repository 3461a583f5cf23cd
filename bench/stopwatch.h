#pragma once

#include <chrono>
#include <ctime>

namespace cambium::bench {

/// Wall-clock and processor time since construction.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  /// Processor time of all threads over wall-clock time of `threads` of them: well below 1, others had the cores, or
  /// the threads waited. A figure measured then says little.
  double cpu_share(int threads) const { return (processor_seconds() - processor_start_) / (seconds() * threads); }

 private:
  static double processor_seconds() {
    std::timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
  }

  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double processor_start_ = processor_seconds();
};

/// Seconds of one call.
template <typename Work>
double seconds_of(Work&& work) {
  const Stopwatch watch;
  work();
  return watch.seconds();
}

}  // namespace cambium::bench
