#include "cambium/ops/cpu.h"
#include "cambium/ops/swiglu.h"

namespace cambium::ops {
namespace {

using namespace cpu;

constexpr int64_t kGrainRows = 8;

}  // namespace

void swiglu(const at::Tensor& gate_up, at::Tensor& y) {
  const int64_t n = y.size(0), f = y.size(1);
  dispatch(y.scalar_type(), "swiglu", [&]<typename T>() {
    const T* in = gate_up.const_data_ptr<T>();
    T* out = y.mutable_data_ptr<T>();
    for_range(n, kGrainRows, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const T* gate = in + row * 2 * f;
        const T* up = gate + f;
        T* result = out + row * f;
#pragma omp simd
        for (int64_t i = 0; i < f; ++i) {
          const float g = to_float(gate[i]);
          result[i] = from_float<T>(g / (1.0F + fast_exp(-g)) * to_float(up[i]));
        }
      }
    });
  });
}

void swiglu_backward(const at::Tensor& dy, at::Tensor& gate_up) {
  const int64_t n = dy.size(0), f = dy.size(1);
  dispatch(dy.scalar_type(), "swiglu_backward", [&]<typename T>() {
    const T* dout = dy.const_data_ptr<T>();
    T* in = gate_up.mutable_data_ptr<T>();
    for_range(n, kGrainRows, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const T* d = dout + row * f;
        T* gate = in + row * 2 * f;
        T* up = gate + f;
#pragma omp simd
        for (int64_t i = 0; i < f; ++i) {
          const float g = to_float(gate[i]), u = to_float(up[i]), grad = to_float(d[i]);
          const float sigmoid = 1.0F / (1.0F + fast_exp(-g));
          const float silu = g * sigmoid;
          gate[i] = from_float<T>(grad * u * (sigmoid + silu * (1.0F - sigmoid)));
          up[i] = from_float<T>(grad * silu);
        }
      }
    });
  });
}

}  // namespace cambium::ops
