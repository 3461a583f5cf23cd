#pragma once

#include <ATen/ATen.h>

namespace cambium::ops::cuda {

enum class Take { kAsIs, kTransposed };

/// out [m, n] = a · b, plus `add` where that is defined ([m, n] float32; may be `out`), with a and b as they are or
/// transposed: all row-major with neighbouring columns, a and b float32 or bfloat16, out of their type or float32. Added
/// up in float32.
void gemm(const at::Tensor& a, Take take_a, const at::Tensor& b, Take take_b, const at::Tensor& add, at::Tensor& out);

}  // namespace cambium::ops::cuda
