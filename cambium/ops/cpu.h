#pragma once

// What the CPU side of the ops shares: the kernels for a tensor's type, its memory as they want it, and the split over
// threads. Internal to ops.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>

#include "cambium/base/error.h"
#include "cambium/ops/kernels/kernels.h"
#include "cambium/ops/tensor_data.h"

namespace cambium::ops::cpu {

using kernels::kBlockRows;
using kernels::Rows;
using kernels::TypedKernels;

/// Calls `run` with the kernels for float32 or bfloat16.
template <typename Run>
void dispatch(at::ScalarType type, const char* op, Run&& run) {
  if (type == at::kFloat) {
    run(kernels::kernels().float32);
  } else if (type == at::kBFloat16) {
    run(kernels::kernels().bfloat16);
  } else {
    throw InvalidArgument(format("[{}] expected float32 or bfloat16, got {}", op, c10::toString(type)));
  }
}

/// The rows of a matrix whose columns lie side by side, from row `first`.
template <typename T>
Rows<const T> rows_of(const at::Tensor& matrix, int64_t first = 0) {
  return {data<T>(matrix) + first * matrix.stride(0), matrix.stride(0)};
}
template <typename T>
Rows<T> mutable_rows_of(const at::Tensor& matrix, int64_t first = 0) {
  return {mutable_data<T>(matrix) + first * matrix.stride(0), matrix.stride(0)};
}

/// Splits [0, count) over the threads, in multiples of `grain`. The split depends on the number of threads only, never
/// on timing.
template <typename Body>
void for_range(int64_t count, int64_t grain, Body&& body) {
  const int64_t grains = (count + grain - 1) / grain;
  at::parallel_for(0, grains, 1,
                   [&](int64_t begin, int64_t end) { body(begin * grain, std::min(end * grain, count)); });
}

/// Memory of the calling thread for `words` 32-bit words, on a cache line of its own; kept for the next call. `slot`s
/// do not share: what one op holds while it calls another needs a slot of its own.
enum class Slot { kKernel, kPanels, kMorePanels };
int32_t* scratch(Slot slot, int64_t words);

}  // namespace cambium::ops::cpu
