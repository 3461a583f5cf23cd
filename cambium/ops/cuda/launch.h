#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>

#include "cambium/ops/cuda/kernels.h"

namespace cambium::ops::cuda {

/// How many blocks of how many threads, and the bytes of shared memory of each block.
struct Work {
  int64_t blocks;
  int threads;
  int64_t blocks_y = 1;
  int64_t shared_bytes = 0;
};

constexpr int kWarp = 32;
/// Blocks beyond this many gain nothing: kernels loop over what is left.
constexpr int64_t kMostBlocks = 1 << 16;

constexpr int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Whole warps for `items` of a row, at most `most` threads: the threads loop over what is left.
inline int threads_for(int64_t items, int most) {
  return static_cast<int>(std::min<int64_t>(divide_up(std::max<int64_t>(items, 1), kWarp) * kWarp, most));
}

/// Blocks for `items` that each thread takes one of at a time.
inline Work work_for(int64_t items) {
  constexpr int kThreads = 256;
  return {.blocks = std::min(divide_up(items, kThreads), kMostBlocks / 8), .threads = kThreads};
}

/// A block for each row, whose threads share its `items`.
inline Work row_work(int64_t rows, int64_t items) {
  return {.blocks = std::min(rows, kMostBlocks), .threads = std::max(threads_for(items, 512), 2 * kWarp)};
}

/// Throws Error: "[kernel] could not be started: …".
[[noreturn]] void launch_failed(const char* kernel, cudaError_t error);

/// Starts a kernel on the stream; nothing where there is nothing to do. Throws Error naming the kernel.
template <typename... Parameters, typename... Arguments>
void launch(const char* name, Stream stream, const Work& work, void (*kernel)(Parameters...), Arguments... arguments) {
  if (work.blocks == 0) {
    return;
  }
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(static_cast<unsigned>(work.blocks), static_cast<unsigned>(work.blocks_y));
  config.blockDim = dim3(static_cast<unsigned>(work.threads));
  config.dynamicSmemBytes = static_cast<size_t>(work.shared_bytes);
  config.stream = stream;
  const cudaError_t error = cudaLaunchKernelEx(&config, kernel, arguments...);
  if (error != cudaSuccess) {
    launch_failed(name, error);
  }
}

}  // namespace cambium::ops::cuda
