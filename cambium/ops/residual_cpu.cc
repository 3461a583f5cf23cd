#include "cambium/ops/backend.h"
#include "cambium/ops/cpu.h"
#include "cambium/ops/residual.h"

namespace cambium::ops {

using namespace cpu;

void residual_add(const at::Tensor& h, const at::Tensor& branch, at::Tensor& out) {
  if (Backend* device = backend_of(h)) {
    device->residual_add(h, branch, out);
    return;
  }
  dispatch(branch.scalar_type(), "residual_add", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_range(h.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
      kernel.residual_add(data<float>(h) + begin, data<T>(branch) + begin, end - begin,
                          mutable_data<float>(out) + begin);
    });
  });
}

void cast(const at::Tensor& x, at::Tensor& out) {
  if (Backend* device = backend_of(x)) {
    device->cast(x, out);
    return;
  }
  dispatch(out.scalar_type(), "cast", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_range(x.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
      kernel.cast(data<float>(x) + begin, end - begin, mutable_data<T>(out) + begin);
    });
  });
}

}  // namespace cambium::ops
