#pragma once

// The two makers of each product on the CPU. Internal to ops.

#include "cambium/ops/packed.h"

namespace cambium::ops::cpu {

/// y = a · b, b standing as `matrix` does on that side.
void product_by_kernels(const at::Tensor& a, const at::Tensor& matrix, Side side, at::Tensor& y);
void product_by_library(const at::Tensor& a, const at::Tensor& matrix, Side side, at::Tensor& y);

/// dw += dyᵀ · x. The library rounds the product to the type of dy before it is added.
void weight_grad_by_kernels(const at::Tensor& dy, const at::Tensor& x, at::Tensor& dw);
void weight_grad_by_library(const at::Tensor& dy, const at::Tensor& x, at::Tensor& dw);

}  // namespace cambium::ops::cpu
