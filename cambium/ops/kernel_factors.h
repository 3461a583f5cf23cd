#pragma once

#include <cmath>
#include <optional>

#include "cambium/ops/adamw.h"
#include "cambium/ops/cross_entropy.h"
#include "cambium/ops/kernels/types.h"

// The settings of ops as their kernels take them, on every device. Internal to ops.

namespace cambium::ops {

inline kernels::AdamWFactors adamw_factors(const AdamWStep& step) {
  const auto count = static_cast<double>(step.step);
  const double correction1 = 1.0 - std::pow(step.beta1, count), correction2 = 1.0 - std::pow(step.beta2, count);
  return {.rest1 = static_cast<float>(1.0 - step.beta1),
          .beta2 = static_cast<float>(step.beta2),
          .rest2 = static_cast<float>(1.0 - step.beta2),
          .sqrt_correction2 = static_cast<float>(std::sqrt(correction2)),
          .eps = static_cast<float>(step.eps),
          .shrink = static_cast<float>(1.0 - step.learning_rate * step.weight_decay),
          .step_size = static_cast<float>(step.learning_rate / correction1)};
}

/// Nothing where `gradient` is null: the loss only.
inline std::optional<kernels::LossGradient> loss_gradient(const LossGradient* gradient) {
  if (gradient == nullptr) {
    return std::nullopt;
  }
  return kernels::LossGradient{static_cast<float>(gradient->scale), static_cast<float>(gradient->z_loss)};
}

}  // namespace cambium::ops
