#pragma once

// Stands in for CUDA's header of this name when the kernels are compiled by a C++ compiler: what they use of CUDA, on a
// CPU. Blocks run one after another; the threads of a block are fibers (threads.h) that switch where they wait for each
// other.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tests/cuda/emulation/threads.h"

// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming): CUDA's names

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __shared__  // only `extern __shared__`: memory of the size that the launch asked for

struct CUstream_st;
using cudaStream_t = CUstream_st*;

using dim3 = emulation::Index;
extern const emulation::Index &threadIdx, &blockIdx, &blockDim, &gridDim;

enum cudaError_t { cudaSuccess, cudaErrorInvalidConfiguration };
inline cudaError_t cudaGetLastError() { return cudaSuccess; }
inline const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaSuccess ? "no error" : "invalid configuration argument";
}

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  size_t dynamicSmemBytes;
  cudaStream_t stream;
};

/// Runs the kernel at once. Throws emulation::Fault where its threads do what would go wrong on a device.
template <typename... Parameters, typename... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               const Arguments&... arguments) {
  const emulation::Launch launch{config->gridDim, config->blockDim, config->dynamicSmemBytes};
  if (!emulation::is_valid(launch)) {
    return cudaErrorInvalidConfiguration;
  }
  emulation::run(launch, [&] { kernel(static_cast<Parameters>(arguments)...); });
  return cudaSuccess;
}

// The last arguments are where the call stands.
inline void __syncthreads(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  emulation::wait_for_block({file, line});
}
inline void __syncwarp(unsigned mask = ~0U, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  emulation::exchange(mask, 0, emulation::lane(), {file, line});
}

template <typename Number>
Number __shfl_xor_sync(unsigned mask, Number value, int lane_mask, const char* file = __builtin_FILE(),
                       int line = __builtin_LINE()) {
  static_assert(sizeof(Number) <= sizeof(uint64_t));
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(Number));
  bits = emulation::exchange(mask, bits, emulation::lane() ^ lane_mask, {file, line});
  std::memcpy(&value, &bits, sizeof(Number));
  return value;
}

inline unsigned __float_as_uint(float value) {
  unsigned bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}
inline float __uint_as_float(unsigned bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}
inline float __fdividef(float a, float b) { return a / b; }

// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
