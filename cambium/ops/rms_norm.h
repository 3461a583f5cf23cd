#pragma once

#include <ATen/ATen.h>

namespace cambium::ops {

/// y = x · inv_rms · weight · scale with inv_rms = 1/sqrt(mean(x²) + eps) (Zhang & Sennrich 2019); `scale` is the
/// constant of LayerNorm-Scaling, else 1.
/// x [n, d] float32, weight [d] float32, y [n, d] float32 or bfloat16, inv_rms [n] float32 (kept for the backward).
void rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps, double scale, at::Tensor& y,
              at::Tensor& inv_rms);

/// dx [n, d] float32 += the gradient through the norm; dweight [d] float32 += its own. dy as y.
void rms_norm_backward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& inv_rms,
                       double scale, at::Tensor& dx, at::Tensor& dweight);

}  // namespace cambium::ops
