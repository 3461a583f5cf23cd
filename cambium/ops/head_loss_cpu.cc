#include <algorithm>

#include "cambium/ops/head_loss.h"
#include "cambium/ops/linear.h"
#include "cambium/ops/packed.h"
#include "cambium/ops/rows.h"

namespace cambium::ops {
namespace {

using namespace cpu;

/// Rows whose logits are made, turned into gradients and used while they are in the second-level cache.
constexpr int64_t kLogitRows = 32;

}  // namespace

void head_loss(const at::Tensor& x, const at::Tensor& w, const at::Tensor& targets, at::Tensor& logits,
               at::Tensor& row_loss, HeadGradient* gradient) {
  const int64_t n = x.size(0), chunk_rows = logits.size(0);
  const LossGradient* loss_gradient = gradient == nullptr ? nullptr : &gradient->loss;
  // Each chunk of rows: body(inputs, logits, targets, row losses, dx).
  const auto for_chunks = [&](auto&& body) {
    for (int64_t first = 0; first < n; first += chunk_rows) {
      const int64_t count = std::min(chunk_rows, n - first);
      const at::Tensor inputs = x.narrow(0, first, count);
      at::Tensor chunk = logits.narrow(0, 0, count), losses = row_loss.narrow(0, first, count);
      at::Tensor dx = gradient == nullptr ? at::Tensor() : gradient->dx.narrow(0, first, count);
      body(inputs, chunk, targets.narrow(0, first, count), losses, dx);
      if (gradient != nullptr) {
        linear_weight_grad(chunk, inputs, gradient->dw);
      }
    }
  };
  if (!packs(Product::kForward, {x, logits}) || (gradient != nullptr && !packs(Product::kInputGrad, {logits}))) {
    for_chunks([&](const at::Tensor& inputs, at::Tensor& chunk, const at::Tensor& chunk_targets, at::Tensor& losses,
                   at::Tensor& dx) {
      linear(inputs, w, chunk);
      cross_entropy(chunk, chunk_targets, losses, loss_gradient);
      if (gradient != nullptr) {
        linear_input_grad(chunk, w, dx);
      }
    });
    return;
  }
  dispatch(x.scalar_type(), "head_loss", [&]<typename T>(const TypedKernels<T>& kernel) {
    const Packed<T> columns = pack(kernel, w, Side::kColumns, Slot::kPanels);
    const Packed<T> rows = gradient == nullptr ? Packed<T>{} : pack(kernel, w, Side::kRows, Slot::kMorePanels);
    for_chunks([&](const at::Tensor& inputs, at::Tensor& chunk, const at::Tensor& chunk_targets, at::Tensor& losses,
                   at::Tensor& dx) {
      for_blocks(chunk.size(0), kLogitRows, [&](int64_t begin, int64_t end) {
        multiply(kernel, inputs, columns, chunk, begin, end);
        loss_rows(kernel, chunk, chunk_targets, losses, loss_gradient, begin, end);
        if (gradient != nullptr) {
          multiply(kernel, chunk, rows, dx, begin, end);
        }
      });
    });
  });
}

}  // namespace cambium::ops
