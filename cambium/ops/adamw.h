#pragma once

#include <ATen/ATen.h>

namespace cambium::ops {

/// One AdamW update (Loshchilov & Hutter 2019), as torch.optim.AdamW computes it.
struct AdamWStep {
  double learning_rate;
  double beta1, beta2, eps;
  double weight_decay;  ///< decoupled: p -= learning_rate · weight_decay · p
  int64_t step;         ///< 1 for the first update: bias correction
};

/// Updates a span of float32 weights and moments in place; writes the compute copy (bfloat16) in the same pass where
/// `compute` is defined. All one-dimensional, of equal length. `guard` [2] float32, on the same device: gradients are
/// multiplied by the first (clipping); where the second is 0 nothing happens (a step without a usable loss).
void adamw(const AdamWStep& step, const at::Tensor& guard, const at::Tensor& grad, at::Tensor weight,
           at::Tensor exp_avg, at::Tensor exp_avg_sq, at::Tensor compute);

}  // namespace cambium::ops
