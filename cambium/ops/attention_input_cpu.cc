#include "cambium/ops/attention_input.h"
#include "cambium/ops/linear.h"
#include "cambium/ops/packed.h"
#include "cambium/ops/rms_norm.h"

namespace cambium::ops {
namespace {

using namespace cpu;

template <typename T>
void rotate(const TypedKernels<T>& kernel, const AttentionInput& input, const at::Tensor& qkv, int64_t begin,
            int64_t end, float direction) {
  kernel.rope(mutable_rows_of<T>(qkv, begin), end - begin, data<float>(input.rope.cos), data<float>(input.rope.sin),
              input.rotated_heads, input.head_dim, begin, input.seq, input.first_position, direction);
}

}  // namespace

void attention_input(const AttentionInput& input, const at::Tensor& h, at::Tensor& normed, at::Tensor& inv_rms,
                     at::Tensor& qkv) {
  if (!packs({normed})) {
    rms_norm(h, input.norm, input.eps, input.scale, normed, inv_rms);
    linear(normed, input.w, qkv);
    rope(qkv, input.rope, input.rotated_heads, input.head_dim, input.seq, input.first_position);
    return;
  }
  const int64_t d = h.size(1);
  dispatch(qkv.scalar_type(), "attention_input", [&]<typename T>(const TypedKernels<T>& kernel) {
    const Packed<T> w = pack(kernel, input.w, Side::kColumns, Slot::kPanels);
    for_blocks(h.size(0), kBlockRows, [&](int64_t begin, int64_t end) {
      kernel.rms_norm(data<float>(h) + begin * d, data<float>(input.norm), static_cast<float>(input.eps),
                      static_cast<float>(input.scale), end - begin, d, mutable_data<T>(normed) + begin * d,
                      mutable_data<float>(inv_rms) + begin);
      multiply(kernel, normed, w, qkv, begin, end);
      rotate(kernel, input, qkv, begin, end, 1.0F);
    });
  });
}

void attention_input_backward(const AttentionInput& input, const at::Tensor& h, const at::Tensor& normed,
                              const at::Tensor& inv_rms, at::Tensor& d_qkv, at::Tensor& d_normed, at::Tensor& dh,
                              at::Tensor& d_norm, at::Tensor& d_w) {
  if (!packs({d_qkv})) {
    rope_backward(d_qkv, input.rope, input.rotated_heads, input.head_dim, input.seq, input.first_position);
    linear_input_grad(d_qkv, input.w, d_normed);
    rms_norm_backward(d_normed, h, input.norm, inv_rms, input.scale, dh, d_norm);
    linear_weight_grad(d_qkv, normed, d_w);
    return;
  }
  const int64_t d = h.size(1);
  dispatch(d_qkv.scalar_type(), "attention_input_backward", [&]<typename T>(const TypedKernels<T>& kernel) {
    const Packed<T> w = pack(kernel, input.w, Side::kRows, Slot::kPanels);
    RowSums norm_sums(d);
    for_blocks(h.size(0), kBlockRows, [&](int64_t begin, int64_t end) {
      rotate(kernel, input, d_qkv, begin, end, -1.0F);
      multiply(kernel, d_qkv, w, d_normed, begin, end);
      kernel.rms_norm_backward(data<T>(d_normed) + begin * d, data<float>(h) + begin * d, data<float>(input.norm),
                               data<float>(inv_rms) + begin, static_cast<float>(input.scale), end - begin, d,
                               mutable_data<float>(dh) + begin * d, norm_sums.of_thread());
    });
    norm_sums.add_to(d_norm);
  });
  linear_weight_grad(d_qkv, normed, d_w);
}

}  // namespace cambium::ops
