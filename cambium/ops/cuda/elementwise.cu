#include "cambium/ops/cuda/launch.h"
#include "cambium/ops/cuda/vector.h"

namespace cambium::ops::cuda {
namespace {

template <int n, typename T>
__global__ void residual_add_kernel(const float* h, const T* branch, int64_t count, float* out) {
  for_entries<n>(count, [&](int64_t i, auto width) {
    constexpr int kWidth = decltype(width)::kValue;
    Floats<kWidth> sum = load<kWidth>(h + i);
    const Floats<kWidth> other = load<kWidth>(branch + i);
#pragma unroll
    for (int j = 0; j < kWidth; ++j) {
      sum[j] += other[j];
    }
    store(out + i, sum);
  });
}

template <int n, typename T>
__global__ void cast_kernel(const float* x, int64_t count, T* y) {
  for_entries<n>(count, [&](int64_t i, auto width) {
    constexpr int kWidth = decltype(width)::kValue;
    store(y + i, load<kWidth>(x + i));
  });
}

}  // namespace

template <typename T>
void residual_add(Stream stream, const float* h, const T* branch, int64_t count, float* out) {
  constexpr int kPacket = kEntries<float>;
  if (aligned<kPacket>(h, branch, out)) {
    launch("residual_add", stream, work_for(divide_up(count, kPacket)), residual_add_kernel<kPacket, T>, h, branch,
           count, out);
  } else {
    launch("residual_add", stream, work_for(count), residual_add_kernel<1, T>, h, branch, count, out);
  }
}

template <typename T>
void cast(Stream stream, const float* x, int64_t count, T* y) {
  constexpr int kPacket = kEntries<float>;
  if (aligned<kPacket>(x, y)) {
    launch("cast", stream, work_for(divide_up(count, kPacket)), cast_kernel<kPacket, T>, x, count, y);
  } else {
    launch("cast", stream, work_for(count), cast_kernel<1, T>, x, count, y);
  }
}

template void residual_add(Stream, const float*, const float*, int64_t, float*);
template void residual_add(Stream, const float*, const BFloat16*, int64_t, float*);
template void cast(Stream, const float*, int64_t, float*);
template void cast(Stream, const float*, int64_t, BFloat16*);

}  // namespace cambium::ops::cuda
