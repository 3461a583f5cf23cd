#pragma once

#include <ATen/ATen.h>

namespace cambium::ops {

/// out [n, d] float32 = h [n, d] float32 + branch [n, d] (float32 or bfloat16). `out` may be `h`.
void residual_add(const at::Tensor& h, const at::Tensor& branch, at::Tensor& out);

/// out (float32 or bfloat16) = x (float32): the gradient of the residual stream on its way into a branch.
void cast(const at::Tensor& x, at::Tensor& out);

}  // namespace cambium::ops
