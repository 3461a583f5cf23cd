#pragma once

#include <ATen/ATen.h>

#include <chrono>
#include <cstdint>
#include <span>

#include "cambium/config/run_config.h"
#include "cambium/train/device.h"

namespace cambium::train {

/// FLOPs per second that MFU is relative to: of a GPU what its data sheet says of dense products; else those of a large
/// matrix product here, with the run's threads. The best of many short tries within 0.2 s (and of six at least), so
/// that another job on a core, which slows most of them down, is not taken for the machine's speed; of the two ways in
/// which products are made, the better.
double peak_flops(const Device& device);

/// How fast a run is, and when it will end. FLOPs as config/cost.h counts them.
class Throughput {
 public:
  Throughput(const config::RunConfig& config, const config::ResolvedSteps& steps, double peak_flops);

  struct Rate {
    double tokens_per_second;
    double mfu;
    double data_wait;  ///< share of the time
  };
  /// Counts a finished step and the seconds it waited for data.
  void add_step(int64_t step, double waited);
  /// Rates since the last call of `take`.
  Rate take();
  /// Seconds since construction.
  double elapsed() const;
  /// Seconds left after `step` steps: FLOPs that remain, later stages at their greater depth, over the FLOPs per second
  /// so far.
  double eta(int64_t step) const;

 private:
  using Clock = std::chrono::steady_clock;
  double step_flops(int64_t step) const;
  double flops_from(int64_t step) const;

  const config::RunConfig& config_;
  const config::ResolvedSteps& steps_;
  double peak_flops_;
  Clock::time_point start_ = Clock::now(), taken_ = start_;
  double flops_ = 0, tokens_since_ = 0, flops_since_ = 0, waited_since_ = 0;
};

}  // namespace cambium::train
