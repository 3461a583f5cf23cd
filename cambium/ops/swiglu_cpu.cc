#include "cambium/ops/backend.h"
#include "cambium/ops/rows.h"
#include "cambium/ops/swiglu.h"

namespace cambium::ops {
namespace {

using namespace cpu;

constexpr int64_t kGrainRows = 8;

}  // namespace

void swiglu(const at::Tensor& gate_up, at::Tensor& y) {
  if (Backend* device = backend_of(gate_up)) {
    device->swiglu(gate_up, y);
    return;
  }
  dispatch(y.scalar_type(), "swiglu", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_range(y.size(0), kGrainRows, [&](int64_t begin, int64_t end) { swiglu_rows(kernel, gate_up, y, begin, end); });
  });
}

void swiglu_backward(const at::Tensor& dy, at::Tensor& gate_up) {
  if (Backend* device = backend_of(gate_up)) {
    device->swiglu_backward(dy, gate_up);
    return;
  }
  dispatch(dy.scalar_type(), "swiglu_backward", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_range(dy.size(0), kGrainRows,
              [&](int64_t begin, int64_t end) { swiglu_backward_rows(kernel, dy, gate_up, begin, end); });
  });
}

}  // namespace cambium::ops
