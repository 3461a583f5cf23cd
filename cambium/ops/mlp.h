#pragma once

#include <ATen/ATen.h>

namespace cambium::ops {

/// The MLP half of a layer: out = h + down · swiglu(gate_up · norm(h)). Gradients have the same shapes in float32.
struct MlpWeights {
  at::Tensor norm;     ///< [d] float32
  at::Tensor gate_up;  ///< [2 f, d] compute type, as down
  at::Tensor down;     ///< [d, f]
};
struct MlpNorm {
  double eps, scale;
};
/// What its forward leaves for the backward.
struct MlpState {
  at::Tensor normed, inv_rms;     ///< [n, d] compute type, [n] float32
  at::Tensor gate_up, activated;  ///< [n, 2 f], [n, f] compute type
};

/// h, out [n, d] float32. The sum's second term also goes into `branch` [n, d] (compute type) where that is defined.
void mlp(const MlpWeights& weights, const MlpNorm& norm, const at::Tensor& h, MlpState& state, at::Tensor& branch,
         at::Tensor& out);

/// Turns dh [n, d] float32 from the gradient of `out` into that of h, and adds to the weights' gradients. Overwrites
/// state.gate_up; d_branch, d_normed [n, d] and d_activated [n, f] (compute type) are scratch.
struct MlpScratch {
  at::Tensor d_branch, d_normed, d_activated;
};
void mlp_backward(const MlpWeights& weights, const MlpNorm& norm, const at::Tensor& h, MlpState& state,
                  MlpScratch& scratch, at::Tensor& dh, MlpWeights& gradients);

}  // namespace cambium::ops
