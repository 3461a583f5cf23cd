#include "cambium/ops/cpu.h"
#include "cambium/ops/rope.h"

namespace cambium::ops {
namespace {

using namespace cpu;

constexpr int64_t kGrainRows = 32;

template <typename T>
void rotate(at::Tensor& x, const RopeTable& table, int64_t heads, int64_t head_dim, int64_t seq, int64_t first,
            float direction) {
  const int64_t columns = x.size(1), half = head_dim / 2;
  T* data = x.mutable_data_ptr<T>();
  const float* cos_table = table.cos.const_data_ptr<float>();
  const float* sin_table = table.sin.const_data_ptr<float>();
  for_range(x.size(0), kGrainRows, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t position = first + row % seq;
      const float* cosines = cos_table + position * half;
      const float* sines = sin_table + position * half;
      for (int64_t head = 0; head < heads; ++head) {
        T* low = data + row * columns + head * head_dim;
        T* high = low + half;
#pragma omp simd
        for (int64_t i = 0; i < half; ++i) {
          const float a = to_float(low[i]), b = to_float(high[i]);
          const float sine = direction * sines[i];
          low[i] = from_float<T>(a * cosines[i] - b * sine);
          high[i] = from_float<T>(b * cosines[i] + a * sine);
        }
      }
    }
  });
}

}  // namespace

void rope(at::Tensor& x, const RopeTable& table, int64_t heads, int64_t head_dim, int64_t seq, int64_t first) {
  dispatch(x.scalar_type(), "rope", [&]<typename T>() { rotate<T>(x, table, heads, head_dim, seq, first, 1.0F); });
}

void rope_backward(at::Tensor& dx, const RopeTable& table, int64_t heads, int64_t head_dim, int64_t seq,
                   int64_t first) {
  dispatch(dx.scalar_type(), "rope_backward",
           [&]<typename T>() { rotate<T>(dx, table, heads, head_dim, seq, first, -1.0F); });
}

}  // namespace cambium::ops
