#pragma once

#include <ATen/ATen.h>

namespace cambium::ops {

/// y [n, out] = x [n, in] · w [out, in]ᵀ, into a buffer that is there already.
void linear(const at::Tensor& x, const at::Tensor& w, at::Tensor& y);

/// out [n, out] float32 = h + x · wᵀ; the product also goes into `branch` [n, out] (type of x) where that is defined.
void linear_add(const at::Tensor& x, const at::Tensor& w, const at::Tensor& h, at::Tensor& branch, at::Tensor& out);

/// dx [n, in] = dy [n, out] · w [out, in].
void linear_input_grad(const at::Tensor& dy, const at::Tensor& w, at::Tensor& dx);

/// dw [out, in] (float32) += dyᵀ [out, n] · x [n, in], added up in float32.
void linear_weight_grad(const at::Tensor& dy, const at::Tensor& x, at::Tensor& dw);

}  // namespace cambium::ops
