#pragma once

#include <ATen/ATen.h>

namespace cambium::ops {

/// sum (one float64) += Σ x² of a float32 tensor, added up in float64 over blocks of fixed size: the same bits for any
/// number of threads. Infinite or NaN where x is.
void sum_squares(const at::Tensor& x, at::Tensor& sum);

}  // namespace cambium::ops
