#include "cambium/ops/cuda/reduce.h"
#include "cambium/ops/cuda/vector.h"

namespace cambium::ops::cuda {
namespace {

template <int n>
__global__ void sum_squares_kernel(const float* x, int64_t count, double* partial) {
  double sum = 0;
  for_entries<n>(count, [&](int64_t i, auto width) {
    constexpr int kWidth = decltype(width)::kValue;
    const Floats<kWidth> entries = load<kWidth>(x + i);
#pragma unroll
    for (int j = 0; j < kWidth; ++j) {
      sum += static_cast<double>(entries[j]) * entries[j];
    }
  });
  sum = reduce_block(sum, Sum{});
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = sum;
  }
}

__global__ void add_parts_kernel(const double* partial, int64_t parts, double* sum) {
  const double of_parts = reduce_block(threadIdx.x < parts ? partial[threadIdx.x] : 0.0, Sum{});
  if (threadIdx.x == 0) {
    *sum += of_parts;
  }
}

}  // namespace

void sum_squares(Stream stream, const float* x, int64_t count, double* sum, double* partial) {
  static_assert(kSumParts <= kMostWarps * kWarp, "one block adds the parts");
  constexpr int kPacket = kEntries<float>;
  const bool in_packets = aligned<kPacket>(x);
  Work work = work_for(in_packets ? divide_up(count, kPacket) : count);
  work.blocks = std::min(work.blocks, kSumParts);
  work.shared_bytes = kReduceBytes;
  launch("sum_squares", stream, work, in_packets ? sum_squares_kernel<kPacket> : sum_squares_kernel<1>, x, count,
         partial);
  launch("sum_squares", stream,
         {.blocks = std::min<int64_t>(work.blocks, 1),
          .threads = threads_for(work.blocks, kMostWarps * kWarp),
          .shared_bytes = kReduceBytes},
         add_parts_kernel, partial, work.blocks, sum);
}

}  // namespace cambium::ops::cuda
