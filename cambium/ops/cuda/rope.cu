#include "cambium/ops/cuda/launch.h"
#include "cambium/ops/cuda/vector.h"

namespace cambium::ops::cuda {
namespace {

/// a % b of numbers that are not negative. In 32 bits where they fit, which takes a fraction of the time.
__device__ int64_t remainder(int64_t a, int64_t b) {
  return (a | b) >> 32 == 0 ? static_cast<uint32_t>(a) % static_cast<uint32_t>(b) : a % b;
}

/// One row a block at a time; a thread rotates n pairs.
template <int n, typename T>
__global__ void rope_kernel(T* x, int64_t stride, int64_t rows, const float* cosines, const float* sines, int heads,
                            int head_dim, int64_t seq, int64_t first_position, float direction) {
  const int half = head_dim / 2, of_head = half / n;
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    const int64_t position = first_position + remainder(row, seq);
    for (int item = static_cast<int>(threadIdx.x); item < heads * of_head; item += static_cast<int>(blockDim.x)) {
      const int i = item % of_head * n;
      T* low = x + row * stride + static_cast<int64_t>(item / of_head) * head_dim + i;
      T* high = low + half;
      const Floats<n> cosine = load<n>(cosines + position * half + i), sine = load<n>(sines + position * half + i);
      Floats<n> a = load<n>(low), b = load<n>(high);
#pragma unroll
      for (int j = 0; j < n; ++j) {
        const float s = direction * sine[j], old_a = a[j];
        a[j] = old_a * cosine[j] - b[j] * s;
        b[j] = b[j] * cosine[j] + old_a * s;
      }
      store(low, a);
      store(high, b);
    }
  }
}

}  // namespace

template <typename T>
void rope(Stream stream, T* x, int64_t stride, int64_t rows, const float* cosines, const float* sines, int64_t heads,
          int64_t head_dim, int64_t seq, int64_t first_position, float direction) {
  constexpr int kPacket = kEntries<T>;
  const int64_t half = head_dim / 2;
  const auto start = [&](int64_t items, auto kernel) {
    launch("rope", stream, row_work(rows, items), kernel, x, stride, rows, cosines, sines, static_cast<int>(heads),
           static_cast<int>(head_dim), seq, first_position, direction);
  };
  if (half % kPacket == 0 && stride % kPacket == 0 && aligned<kPacket>(x) && aligned<kPacket>(cosines, sines)) {
    start(heads * half / kPacket, rope_kernel<kPacket, T>);
  } else {
    start(heads * half, rope_kernel<1, T>);
  }
}

template void rope(Stream, float*, int64_t, int64_t, const float*, const float*, int64_t, int64_t, int64_t, int64_t,
                   float);
template void rope(Stream, BFloat16*, int64_t, int64_t, const float*, const float*, int64_t, int64_t, int64_t, int64_t,
                   float);

}  // namespace cambium::ops::cuda
