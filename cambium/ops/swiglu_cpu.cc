#include "cambium/ops/cpu.h"
#include "cambium/ops/swiglu.h"

namespace cambium::ops {
namespace {

using namespace cpu;

constexpr int64_t kGrainRows = 8;

}  // namespace

void swiglu(const at::Tensor& gate_up, at::Tensor& y) {
  const int64_t f = y.size(1);
  dispatch(y.scalar_type(), "swiglu", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_range(y.size(0), kGrainRows, [&](int64_t begin, int64_t end) {
      kernel.swiglu(data<T>(gate_up) + begin * 2 * f, end - begin, f, mutable_data<T>(y) + begin * f);
    });
  });
}

void swiglu_backward(const at::Tensor& dy, at::Tensor& gate_up) {
  const int64_t f = dy.size(1);
  dispatch(dy.scalar_type(), "swiglu_backward", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_range(dy.size(0), kGrainRows, [&](int64_t begin, int64_t end) {
      kernel.swiglu_backward(data<T>(dy) + begin * f, end - begin, f, mutable_data<T>(gate_up) + begin * 2 * f);
    });
  });
}

}  // namespace cambium::ops
