#include "cambium/ops/backend.h"
#include "cambium/ops/cross_entropy.h"
#include "cambium/ops/rows.h"

namespace cambium::ops {

using namespace cpu;

void cross_entropy(at::Tensor& logits, const at::Tensor& targets, at::Tensor& row_loss, const LossGradient* gradient) {
  if (Backend* device = backend_of(logits)) {
    device->cross_entropy(logits, targets, row_loss, gradient);
    return;
  }
  dispatch(logits.scalar_type(), "cross_entropy", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_range(logits.size(0), 1,
              [&](int64_t begin, int64_t end) { loss_rows(kernel, logits, targets, row_loss, gradient, begin, end); });
  });
}

}  // namespace cambium::ops
