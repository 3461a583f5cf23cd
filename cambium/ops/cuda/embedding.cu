#include "cambium/ops/cuda/launch.h"
#include "cambium/ops/cuda/vector.h"

namespace cambium::ops::cuda {
namespace {

template <int n>
__global__ void embedding_kernel(const float* table, const int32_t* ids, int64_t rows, int64_t d, float* h) {
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    const float* from = table + ids[row] * d;
    for (int64_t i = static_cast<int64_t>(threadIdx.x) * n; i < d; i += static_cast<int64_t>(blockDim.x) * n) {
      store(h + row * d + i, load<n>(from + i));
    }
  }
}

/// Behind the last of the ids that equal that at `first`.
__device__ int64_t end_of_run(const int32_t* ids, int64_t first, int64_t rows) {
  int64_t same = first, other = rows;
  while (other - same > 1) {
    const int64_t middle = same + (other - same) / 2;
    (ids[middle] == ids[first] ? same : other) = middle;
  }
  return other;
}

/// A block for each position, which has work only where a run of equal ids begins; blockIdx.y shares the columns.
template <int n>
__global__ void embedding_backward_kernel(const float* dh, const int32_t* ids, const int64_t* order, int64_t rows,
                                          int64_t d, float* dtable) {
  const int64_t column = (static_cast<int64_t>(blockIdx.y) * blockDim.x + threadIdx.x) * n;
  for (int64_t first = blockIdx.x; first < rows; first += gridDim.x) {
    if (column >= d || (first > 0 && ids[first] == ids[first - 1])) {
      continue;
    }
    const int64_t end = end_of_run(ids, first, rows);
    float* to = dtable + ids[first] * d + column;
    Floats<n> sum = load<n>(to);
#pragma unroll 4
    for (int64_t i = first; i < end; ++i) {
      const Floats<n> grad = load<n>(dh + order[i] * d + column);
#pragma unroll
      for (int j = 0; j < n; ++j) {
        sum[j] += grad[j];
      }
    }
    store(to, sum);
  }
}

}  // namespace

void embedding(Stream stream, const float* table, const int32_t* ids, int64_t rows, int64_t d, float* h) {
  constexpr int kPacket = kEntries<float>;
  if (d % kPacket == 0 && aligned<kPacket>(table, h)) {
    launch("embedding", stream, row_work(rows, d / kPacket), embedding_kernel<kPacket>, table, ids, rows, d, h);
  } else {
    launch("embedding", stream, row_work(rows, d), embedding_kernel<1>, table, ids, rows, d, h);
  }
}

void embedding_backward(Stream stream, const float* dh, const int32_t* ids, const int64_t* order, int64_t rows,
                        int64_t d, float* dtable) {
  const auto start = [&](int64_t packets, auto kernel) {
    const int threads = threads_for(packets, 128);
    const Work work{.blocks = std::min(rows, kMostBlocks), .threads = threads, .blocks_y = divide_up(packets, threads)};
    launch("embedding_backward", stream, work, kernel, dh, ids, order, rows, d, dtable);
  };
  constexpr int kPacket = kEntries<float>;
  if (d % kPacket == 0 && aligned<kPacket>(dh, dtable)) {
    start(d / kPacket, embedding_backward_kernel<kPacket>);
  } else {
    start(d, embedding_backward_kernel<1>);
  }
}

}  // namespace cambium::ops::cuda
