#include <algorithm>

#include "cambium/ops/head_loss.h"
#include "cambium/ops/linear.h"
#include "cambium/ops/packed.h"

namespace cambium::ops {
namespace {

using namespace cpu;

/// Rows whose logits are made, turned into gradients and used while they are in the second-level cache.
constexpr int64_t kLogitRows = 32;

}  // namespace

void head_loss(const at::Tensor& x, const at::Tensor& w, const at::Tensor& targets, at::Tensor& logits,
               at::Tensor& row_loss, HeadGradient* gradient) {
  const int64_t n = x.size(0), vocab = w.size(0), chunk_rows = logits.size(0);
  dispatch(x.scalar_type(), "head_loss", [&]<typename T>(const TypedKernels<T>& kernel) {
    const bool packed =
        packs(Product::kForward, {x, logits}) && (gradient == nullptr || packs(Product::kInputGrad, {logits}));
    Packed<T> columns{}, rows{};
    if (packed) {
      columns = pack(kernel, w, Side::kColumns, Slot::kPanels);
    }
    kernels::LossGradient loss_gradient{};
    if (gradient != nullptr) {
      loss_gradient = {static_cast<float>(gradient->scale), static_cast<float>(gradient->z_loss)};
      if (packed) {
        rows = pack(kernel, w, Side::kRows, Slot::kMorePanels);
      }
    }
    for (int64_t first = 0; first < n; first += chunk_rows) {
      const int64_t count = std::min(chunk_rows, n - first);
      const at::Tensor inputs = x.narrow(0, first, count);
      at::Tensor chunk = logits.narrow(0, 0, count), dx;
      if (gradient != nullptr) {
        dx = gradient->dx.narrow(0, first, count);
      }
      if (!packed) {
        linear(inputs, w, chunk);
      }
      for_blocks(count, kLogitRows, [&](int64_t begin, int64_t end) {
        if (packed) {
          multiply(kernel, inputs, columns, chunk, begin, end);
        }
        kernel.loss(mutable_data<T>(chunk) + begin * vocab, end - begin, vocab, data<int32_t>(targets) + first + begin,
                    mutable_data<float>(row_loss) + first + begin, gradient == nullptr ? nullptr : &loss_gradient);
        if (gradient != nullptr && packed) {
          multiply(kernel, chunk, rows, dx, begin, end);
        }
      });
      if (gradient != nullptr && !packed) {
        linear_input_grad(chunk, w, dx);
      }
      if (gradient != nullptr) {
        linear_weight_grad(chunk, inputs, gradient->dw);
      }
    }
  });
}

}  // namespace cambium::ops
