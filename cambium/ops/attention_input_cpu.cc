#include "cambium/ops/attention_input.h"
#include "cambium/ops/linear.h"
#include "cambium/ops/packed.h"
#include "cambium/ops/rms_norm.h"
#include "cambium/ops/rows.h"

namespace cambium::ops {
namespace {

using namespace cpu;

template <typename T>
void rotate(const TypedKernels<T>& kernel, const AttentionInput& input, const at::Tensor& qkv, float direction,
            int64_t begin, int64_t end) {
  rope_rows(kernel, qkv, input.rope, input.rotated_heads, input.head_dim, input.seq, input.first_position, direction,
            begin, end);
}

}  // namespace

void attention_input(const AttentionInput& input, const at::Tensor& h, at::Tensor& normed, at::Tensor& inv_rms,
                     at::Tensor& qkv) {
  if (!packs(Product::kForward, {normed})) {
    rms_norm(h, input.norm, input.eps, input.scale, normed, inv_rms);
    linear(normed, input.w, qkv);
    rope(qkv, input.rope, input.rotated_heads, input.head_dim, input.seq, input.first_position);
    return;
  }
  dispatch(qkv.scalar_type(), "attention_input", [&]<typename T>(const TypedKernels<T>& kernel) {
    const Packed<T> w = pack(kernel, input.w, Side::kColumns, Slot::kPanels);
    for_blocks(h.size(0), kBlockRows, [&](int64_t begin, int64_t end) {
      norm_rows(kernel, h, input.norm, input.eps, input.scale, normed, inv_rms, begin, end);
      multiply(kernel, normed, w, qkv, begin, end);
      rotate(kernel, input, qkv, 1.0F, begin, end);
    });
  });
}

void attention_input_backward(const AttentionInput& input, const at::Tensor& h, const at::Tensor& normed,
                              const at::Tensor& inv_rms, at::Tensor& d_qkv, at::Tensor& d_normed, at::Tensor& dh,
                              at::Tensor& d_norm, at::Tensor& d_w) {
  if (!packs(Product::kInputGrad, {d_qkv})) {
    rope_backward(d_qkv, input.rope, input.rotated_heads, input.head_dim, input.seq, input.first_position);
    linear_input_grad(d_qkv, input.w, d_normed);
    rms_norm_backward(d_normed, h, input.norm, inv_rms, input.scale, dh, d_norm);
    linear_weight_grad(d_qkv, normed, d_w);
    return;
  }
  dispatch(d_qkv.scalar_type(), "attention_input_backward", [&]<typename T>(const TypedKernels<T>& kernel) {
    const Packed<T> w = pack(kernel, input.w, Side::kRows, Slot::kPanels);
    RowSums norm_sums(h.size(1));
    for_blocks(h.size(0), kBlockRows, [&](int64_t begin, int64_t end) {
      rotate(kernel, input, d_qkv, -1.0F, begin, end);
      multiply(kernel, d_qkv, w, d_normed, begin, end);
      norm_backward_rows(kernel, d_normed, h, input.norm, inv_rms, input.scale, dh, norm_sums.of_thread(), begin, end);
    });
    norm_sums.add_to(d_norm);
  });
  linear_weight_grad(d_qkv, normed, d_w);
}

}  // namespace cambium::ops
