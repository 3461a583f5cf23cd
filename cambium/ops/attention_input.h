#pragma once

#include <ATen/ATen.h>

#include "cambium/ops/rope.h"

namespace cambium::ops {

/// What stands in front of attention: q|k|v = RoPE(w · norm(h)), of n tokens.
struct AttentionInput {
  at::Tensor norm;  ///< [d] float32
  at::Tensor w;     ///< [(heads + 2 key-value heads) · head_dim, d] compute type
  double eps, scale;
  const RopeTable& rope;
  int64_t rotated_heads, head_dim;
  int64_t seq, first_position;  ///< row r stands at position first_position + r % seq
};

/// h [n, d] float32; writes normed [n, d] and qkv (compute type), inv_rms [n] float32.
void attention_input(const AttentionInput& input, const at::Tensor& h, at::Tensor& normed, at::Tensor& inv_rms,
                     at::Tensor& qkv);

/// From d_qkv, which is rotated back in place, and what the forward left: dh [n, d] float32 += the gradient of h;
/// adds to d_norm [d] and d_w, float32. `d_normed` [n, d] (compute type) is scratch.
void attention_input_backward(const AttentionInput& input, const at::Tensor& h, const at::Tensor& normed,
                              const at::Tensor& inv_rms, at::Tensor& d_qkv, at::Tensor& d_normed, at::Tensor& dh,
                              at::Tensor& d_norm, at::Tensor& d_w);

}  // namespace cambium::ops
