#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cambium/base/error.h"
#include "cambium/ops/cuda/launch.h"
#include "cambium/ops/cuda/reduce.h"

// The stand-in for CUDA itself: what the tests of the kernels rely on.

namespace cambium::ops::cuda {
namespace {

/// Of a launch of one block; "" where all is well.
template <typename... Parameters>
std::string fault_of(int threads, void (*kernel)(Parameters...), Parameters... arguments) {
  try {
    launch("test", nullptr, {.blocks = 1, .threads = threads, .shared_bytes = kReduceBytes}, kernel, arguments...);
    return "";
  } catch (const emulation::Fault& fault) {
    return fault.what();
  }
}

__global__ void reverse_kernel(double* values) {
  block_memory[threadIdx.x] = values[threadIdx.x];
  __syncthreads();
  values[threadIdx.x] = block_memory[blockDim.x - 1 - threadIdx.x];
}

TEST(Emulation, ThreadsMeetAtABarrier) {
  std::vector<double> values(32);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<double>(i);
  }
  EXPECT_EQ(fault_of(32, reverse_kernel, values.data()), "");
  EXPECT_EQ(values.front(), 31);
  EXPECT_EQ(values.back(), 0);
}

__global__ void sum_kernel(float* sums) {
  sums[threadIdx.x] = reduce_block(static_cast<float>(threadIdx.x), Sum{});
  sums[threadIdx.x] += reduce_block(static_cast<float>(threadIdx.x), Max{});
}

TEST(Emulation, EveryThreadGetsTheSum) {
  for (const int threads : {32, 96, 1024}) {
    std::vector<float> sums(static_cast<size_t>(threads));
    EXPECT_EQ(fault_of(threads, sum_kernel, sums.data()), "");
    const float wanted =
        static_cast<float>(threads) * static_cast<float>(threads - 1) / 2 + static_cast<float>(threads - 1);
    EXPECT_TRUE(std::all_of(sums.begin(), sums.end(), [&](float sum) { return sum == wanted; }));
  }
}

__global__ void some_return_kernel() {
  if (threadIdx.x > 60) {
    return;
  }
  __syncthreads();
}
__global__ void two_places_kernel() {
  if (threadIdx.x < 5) {
    __syncthreads();
    return;
  }
  __syncthreads();
}
__global__ void half_a_warp_kernel() {
  if (threadIdx.x < 16) {
    __syncwarp();
  }
}
__global__ void too_far_kernel() { block_memory[kMostWarps] = 1; }

TEST(Emulation, FaultsAreTold) {
  EXPECT_NE(fault_of(64, some_return_kernel).find("of 64 threads 3 have returned, 61 wait for 64"), std::string::npos);
  EXPECT_NE(fault_of(64, two_places_kernel).find("waits at"), std::string::npos);
  EXPECT_NE(fault_of(32, half_a_warp_kernel).find("16 wait for 32"), std::string::npos);
  EXPECT_NE(fault_of(32, too_far_kernel).find("behind its shared memory"), std::string::npos);
  EXPECT_EQ(fault_of(64, sum_kernel, std::vector<float>(64).data()), "");  // and the next launch is well
}

__global__ void read_unwritten_kernel(double* value) { *value = block_memory[threadIdx.x]; }

TEST(Emulation, SharedMemoryIsNanAtFirst) {
  double value = 0;
  block_memory[0] = 1;
  EXPECT_EQ(fault_of(1, read_unwritten_kernel, &value), "");
  EXPECT_TRUE(std::isnan(value));
}

TEST(Launch, NamesTheKernelThatCouldNotStart) {
  try {
    launch("too_large", nullptr, {.blocks = 1, .threads = 2048}, some_return_kernel);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "[too_large] could not be started: invalid configuration argument");
  }
}

}  // namespace
}  // namespace cambium::ops::cuda
