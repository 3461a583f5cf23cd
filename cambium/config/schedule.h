#pragma once

#include <cstdint>

#include "cambium/config/run_config.h"

namespace cambium::config {

/// The learning rate as a pure function of the step. With 0-based step i, W warm-up steps, N steps in all, C cooldown
/// steps, `peak` = train.learning_rate and `min` = train.min_lr:
///
///   warm-up, i < W:   peak * (i + 1) / W                        step W - 1 is the first at the peak
///   wsd:              peak while i < N - C, then with x = (i - (N - C)) / C
///                       1-sqrt: min + (peak - min) * (1 - sqrt(x))            (Haegele et al. 2024)
///                       linear: min + (peak - min) * (1 - x)
///                       cosine: min + (peak - min) * (1 + cos(pi x)) / 2
///   cosine, linear:   the same two forms with x = (i - W) / (N - W)
///   constant:         peak
///
/// x runs from 0 at the first step of the decay to just below 1 at the last step of the run: step N, the first that is
/// not taken, would have exactly `min`. So no step is spent on a rate of zero.
class LearningRate {
 public:
  LearningRate(const TrainSection& train, const ResolvedSteps& steps);
  double operator()(int64_t step) const;

 private:
  enum class Decay { kNone, kOneMinusSqrt, kLinear, kCosine };
  static Decay decay_of(const TrainSection& train);

  double peak_, min_;
  Decay decay_;
  int64_t warmup_, decay_begin_, decay_end_;
};

}  // namespace cambium::config
