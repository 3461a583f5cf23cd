#include "cambium/ops/cpu.h"
#include "cambium/ops/residual.h"

namespace cambium::ops {

using namespace cpu;

void residual_add(const at::Tensor& h, const at::Tensor& branch, at::Tensor& out) {
  dispatch(branch.scalar_type(), "residual_add", [&]<typename T>() {
    const float* a = h.const_data_ptr<float>();
    const T* b = branch.const_data_ptr<T>();
    float* c = out.mutable_data_ptr<float>();
    for_range(h.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) {
        c[i] = a[i] + to_float(b[i]);
      }
    });
  });
}

void cast(const at::Tensor& x, at::Tensor& out) {
  dispatch(out.scalar_type(), "cast", [&]<typename T>() {
    const float* a = x.const_data_ptr<float>();
    T* b = out.mutable_data_ptr<T>();
    for_range(x.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) {
        b[i] = from_float<T>(a[i]);
      }
    });
  });
}

}  // namespace cambium::ops
