#pragma once

#include <ATen/ATen.h>

namespace cambium::ops::cuda {

enum class Take { kAsIs, kTransposed };

enum class Put { kOverwrite, kAdd };

/// out [m, n] = or += a · b, with a and b as they are or transposed: all row-major with neighbouring columns, a and b
/// float32 or bfloat16, out of their type or float32. Added up in float32.
void gemm(const at::Tensor& a, Take take_a, const at::Tensor& b, Take take_b, Put put, at::Tensor& out);

}  // namespace cambium::ops::cuda
