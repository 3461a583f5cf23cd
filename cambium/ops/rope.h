#pragma once

#include <ATen/ATen.h>

namespace cambium::ops {

/// Cosines and sines of the rotary embedding, [max positions, head_dim / 2] float32 each.
struct RopeTable {
  at::Tensor cos, sin;
};

/// Rotates the first `heads` heads of x [batch · seq, columns] in place (half-split form: entry i with i + head_dim /
/// 2, as Hugging Face's LLaMA): q and k of a packed q|k|v row. Row r stands at position `first + r % seq`.
void rope(at::Tensor& x, const RopeTable& table, int64_t heads, int64_t head_dim, int64_t seq, int64_t first);

/// The gradient: the rotation the other way round.
void rope_backward(at::Tensor& dx, const RopeTable& table, int64_t heads, int64_t head_dim, int64_t seq, int64_t first);

}  // namespace cambium::ops
