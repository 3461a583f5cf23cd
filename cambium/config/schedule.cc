#include "cambium/config/schedule.h"

#include <cmath>
#include <numbers>

#include "cambium/base/error.h"

namespace cambium::config {

LearningRate::Decay LearningRate::decay_of(const TrainSection& train) {
  const std::string& shape = train.schedule == "wsd" ? train.cooldown_shape : train.schedule;
  if (shape == "1-sqrt") {
    return Decay::kOneMinusSqrt;
  }
  if (shape == "linear") {
    return Decay::kLinear;
  }
  if (shape == "cosine") {
    return Decay::kCosine;
  }
  if (shape == "constant") {
    return Decay::kNone;
  }
  throw InvalidArgument(format("learning rate: unknown shape `{}`", shape));
}

LearningRate::LearningRate(const TrainSection& train, const ResolvedSteps& steps)
    : peak_(train.learning_rate),
      min_(train.min_lr),
      decay_(decay_of(train)),
      warmup_(steps.warmup),
      decay_begin_(train.schedule == "wsd" ? steps.total - steps.cooldown : steps.warmup),
      decay_end_(steps.total) {}

double LearningRate::operator()(int64_t step) const {
  if (step < warmup_) {
    return peak_ * static_cast<double>(step + 1) / static_cast<double>(warmup_);
  }
  if (decay_ == Decay::kNone || step < decay_begin_) {
    return peak_;
  }
  if (step >= decay_end_) {
    return min_;
  }
  const double x = static_cast<double>(step - decay_begin_) / static_cast<double>(decay_end_ - decay_begin_);
  switch (decay_) {
    case Decay::kOneMinusSqrt:
      return min_ + (peak_ - min_) * (1 - std::sqrt(x));
    case Decay::kLinear:
      return min_ + (peak_ - min_) * (1 - x);
    case Decay::kCosine:
      return min_ + (peak_ - min_) * (1 + std::cos(std::numbers::pi * x)) / 2;
    case Decay::kNone:
      break;
  }
  return peak_;
}

}  // namespace cambium::config
