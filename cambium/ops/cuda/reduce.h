#pragma once

#include "cambium/ops/cuda/launch.h"

// Sums and maxima over the threads of a block, in a fixed order, through its shared memory.

namespace cambium::ops::cuda {

/// A block's shared memory, as much as its launch asked for: first the results of the warps, then what is the kernel's
/// own.
extern __shared__ double block_memory[];

constexpr int kMostWarps = 32;
/// What a launch of a kernel that reduces must ask for.
constexpr int64_t kReduceBytes = kMostWarps * static_cast<int64_t>(sizeof(double));
/// The kernel's own shared memory, behind that.
__device__ inline float* own_memory() { return reinterpret_cast<float*>(block_memory + kMostWarps); }

struct Sum {
  template <typename Number>
  __device__ Number operator()(Number a, Number b) const {
    return a + b;
  }
};
struct Max {
  __device__ float operator()(float a, float b) const { return fmaxf(a, b); }
};

/// Over the whole warps [first, first + count) of the block, in every thread of theirs. All threads of the block must
/// call it together.
template <typename Number, typename Combine>
__device__ Number reduce_warps(Number value, Combine combine, int first, int count) {
  auto* of_warp = reinterpret_cast<Number*>(block_memory);
  const int thread = static_cast<int>(threadIdx.x);
#pragma unroll
  for (int distance = kWarp / 2; distance > 0; distance /= 2) {
    value = combine(value, __shfl_xor_sync(0xFFFFFFFFU, value, distance));
  }
  __syncthreads();  // the results of an earlier call have been read
  if (thread % kWarp == 0) {
    of_warp[thread / kWarp] = value;
  }
  __syncthreads();
  value = of_warp[first];
  for (int warp = first + 1; warp < first + count; ++warp) {
    value = combine(value, of_warp[warp]);
  }
  return value;
}

/// Over the block.
template <typename Number, typename Combine>
__device__ Number reduce_block(Number value, Combine combine) {
  return reduce_warps(value, combine, 0, static_cast<int>(blockDim.x) / kWarp);
}

}  // namespace cambium::ops::cuda
