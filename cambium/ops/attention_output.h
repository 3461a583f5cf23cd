#pragma once

#include <ATen/ATen.h>

namespace cambium::ops {

/// What stands behind attention: out [n, d] float32 = h + attended [n, heads · head_dim] · wᵀ. The product also goes
/// into `branch` [n, d] (compute type) where that is defined.
void attention_output(const at::Tensor& attended, const at::Tensor& w, const at::Tensor& h, at::Tensor& branch,
                      at::Tensor& out);

/// d_attended (compute type) from dh [n, d] float32, the gradient of `out`, which is the gradient of h as well; d_w
/// (float32) is added to. Writes dh in the compute type into `d_branch`.
void attention_output_backward(const at::Tensor& dh, const at::Tensor& attended, const at::Tensor& w,
                               at::Tensor& d_branch, at::Tensor& d_attended, at::Tensor& d_w);

}  // namespace cambium::ops
