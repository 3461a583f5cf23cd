#pragma once

#include <cmath>

#include "cambium/ops/adamw.h"

namespace cambium::ops {

/// Fills the factors that AdamW's kernels work with (kernels/kernels.h, cuda/kernels.h) from a step's settings.
template <typename Factors>
void set_factors(const AdamWStep& step, Factors& factors) {
  const auto count = static_cast<double>(step.step);
  const double correction1 = 1.0 - std::pow(step.beta1, count), correction2 = 1.0 - std::pow(step.beta2, count);
  factors.rest1 = static_cast<float>(1.0 - step.beta1);
  factors.beta2 = static_cast<float>(step.beta2);
  factors.rest2 = static_cast<float>(1.0 - step.beta2);
  factors.sqrt_correction2 = static_cast<float>(std::sqrt(correction2));
  factors.eps = static_cast<float>(step.eps);
  factors.shrink = static_cast<float>(1.0 - step.learning_rate * step.weight_decay);
  factors.step_size = static_cast<float>(step.learning_rate / correction1);
}

}  // namespace cambium::ops
