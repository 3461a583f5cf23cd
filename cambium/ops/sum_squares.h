#pragma once

#include <ATen/ATen.h>

namespace cambium::ops {

/// Σ x² of a float32 tensor, in float64 over blocks of fixed size: the same bits for any number of threads. Infinite or
/// NaN where x is.
double sum_squares(const at::Tensor& x);

}  // namespace cambium::ops
