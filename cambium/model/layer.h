#pragma once

#include <ATen/ATen.h>

#include "cambium/model/llama.h"
#include "cambium/model/step_clock.h"
#include "cambium/model/tap.h"
#include "cambium/ops/attention.h"
#include "cambium/ops/mlp.h"

namespace cambium::model {

/// What one layer's forward pass leaves behind for its backward, in buffers that are used again every step. n = batch ·
/// seq rows; "compute" is the compute type, that of `options`, which also says the device.
struct LayerBuffers {
  /// `shared`: another layer's buffers, whose normed inputs, middle and activation serve this layer as well, since they
  /// are made again before the backward (restore_layer).
  LayerBuffers(const ModelConfig& config, int64_t batch, int64_t seq, const at::TensorOptions& options,
               const LayerBuffers* shared = nullptr);
  at::Tensor normed_input, inv_rms_input;  ///< [n, hidden] compute, [n] float32
  at::Tensor qkv;                          ///< [n, (heads + 2 kv heads) · head_dim] compute, rotated
  at::Tensor attended, lse;                ///< [n, heads · head_dim] compute, [batch, heads, seq] float32
  at::Tensor middle;                       ///< [n, hidden] float32: residual stream between the sublayers
  ops::MlpState mlp;
};

/// Keys and values of the tokens so far, one pair a place of the layer order: [batch, max, kv heads, head_dim].
struct KvCache {
  std::vector<at::Tensor> keys, values;
  int64_t length = 0;  ///< tokens held
};

/// Everything about one call of a layer that is not weights or buffers.
struct LayerCall {
  int64_t batch, seq;
  int64_t place = 0;  ///< in the layer order
  int64_t layer = 0;  ///< whose weights
  Tap* tap = nullptr;
  KvCache* cache = nullptr;  ///< where given, the new tokens stand behind its `length`
  StepClock* clock = nullptr;
  std::span<const ops::Segment> documents = {};  ///< what attention stays inside of; none: causal over the whole
};

/// h_out [n, hidden] float32 = layer(h_in). Where a tap looks, the sublayers'
/// outputs pass through `branch` [n, hidden] (compute).
/// h_mid = h_in + O·Attn(RoPE(QKV·norm(h_in)));  h_out = h_mid + Down·SwiGLU(GateUp·norm(h_mid)).
void layer_forward(const Llama& model, const LayerWeights& weights, const LayerCall& call, const at::Tensor& h_in,
                   LayerBuffers& buffers, at::Tensor& branch, at::Tensor& h_out);

/// Makes again what `buffers` shared with other layers (Recompute::kSelective), in the same bits.
void restore_layer(const Llama& model, const LayerWeights& weights, const LayerCall& call, const at::Tensor& h_in,
                   LayerBuffers& buffers);

/// Scratch of the backward, shared by all layers.
struct BackwardBuffers {
  BackwardBuffers(const ModelConfig& config, int64_t batch, int64_t seq, const at::TensorOptions& options);
  ops::MlpScratch mlp;           ///< its d_branch and d_normed serve the attention half too
  at::Tensor d_attended, d_qkv;  ///< compute
};

/// Turns dh [n, hidden] float32, the gradient at the layer's output, into the gradient at its input; adds the weights'
/// gradients to `gradients` (views of the layer's flat float32 gradient). Overwrites buffers.mlp.gate_up.
void layer_backward(const Llama& model, const LayerWeights& weights, const LayerCall& call, const at::Tensor& h_in,
                    LayerBuffers& buffers, BackwardBuffers& scratch, at::Tensor& dh, LayerWeights& gradients);

}  // namespace cambium::model
