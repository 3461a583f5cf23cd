#pragma once

#include <ATen/ATen.h>

#include <span>

namespace cambium::ops {

/// Tokens [begin, end) of a batch entry that attend to each other alone: a document among others in a packed sequence.
struct Segment {
  int64_t batch, begin, end;
};

/// Causal softmax attention with grouped heads: query head h reads key head h · K / H; the query in row i of Tq sees
/// the first Tk - Tq + i + 1 keys (all of a cache, and causally what is new). q [b, Tq, H, head_dim]; k, v [b, Tk, K,
/// head_dim], views with contiguous last dimension, float32 or bfloat16; out [b, Tq, H, head_dim] of the same type; lse
/// [b, H, Tq] float32 = log Σ exp of the scaled scores, kept for the backward. Computed in float32.
///
/// `segments`, where there are any, cover every token of q once (and Tq = Tk): causal attention within each, so that a
/// masked score is never computed. Rotary scores depend on the distance alone: positions need not start anew.
void attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::Tensor& out, at::Tensor& lse,
               std::span<const Segment> segments = {});

/// Writes dq, dk, dv (shaped as q, k, v) from dout; the probabilities are recomputed from lse. Tq = Tk.
void attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                        const at::Tensor& out, const at::Tensor& lse, at::Tensor& dq, at::Tensor& dk, at::Tensor& dv,
                        std::span<const Segment> segments = {});

}  // namespace cambium::ops
