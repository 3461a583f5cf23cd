#include "cambium/model/layer.h"

#include <algorithm>

#include "cambium/ops/attention.h"
#include "cambium/ops/linear.h"
#include "cambium/ops/residual.h"
#include "cambium/ops/rms_norm.h"
#include "cambium/ops/rope.h"
#include "cambium/ops/swiglu.h"

namespace cambium::model {
namespace {

/// q, k and v [batch, seq, heads, head_dim] as views of packed rows.
struct QkvViews {
  QkvViews(const ModelConfig& config, const at::Tensor& packed, const LayerCall& call) {
    const int64_t heads = config.num_attention_heads, kv_heads = config.num_key_value_heads;
    const at::Tensor all = packed.view({call.batch, call.seq, heads + 2 * kv_heads, config.head_dim()});
    q = all.narrow(2, 0, heads);
    k = all.narrow(2, heads, kv_heads);
    v = all.narrow(2, heads + kv_heads, kv_heads);
  }
  at::Tensor q, k, v;
};

void see(const LayerCall& call, Point point, const at::Tensor& value) {
  if (call.tap != nullptr) {
    call.tap->see(point, call.place, call.layer, value.view({call.batch, call.seq, -1}));
  }
}

void attend(const Llama& model, const LayerCall& call, LayerBuffers& buffers) {
  const ModelConfig& config = model.config;
  const int64_t first = call.cache == nullptr ? 0 : call.cache->length;
  ops::rope(buffers.qkv, model.rope, config.num_attention_heads + config.num_key_value_heads, config.head_dim(),
            call.seq, first);
  QkvViews views(config, buffers.qkv, call);
  if (call.cache != nullptr) {
    at::Tensor& keys = call.cache->keys.at(static_cast<size_t>(call.place));
    at::Tensor& values = call.cache->values.at(static_cast<size_t>(call.place));
    keys.narrow(1, first, call.seq).copy_(views.k);
    values.narrow(1, first, call.seq).copy_(views.v);
    views.k = keys.narrow(1, 0, first + call.seq);
    views.v = values.narrow(1, 0, first + call.seq);
  }
  at::Tensor out = buffers.attended.view({call.batch, call.seq, config.num_attention_heads, config.head_dim()});
  ops::attention(views.q, views.k, views.v, out, buffers.lse);
}

}  // namespace

LayerBuffers::LayerBuffers(const ModelConfig& config, int64_t batch, int64_t seq, at::ScalarType type) {
  const int64_t n = batch * seq, d = config.hidden_size, f = config.intermediate_size, head_dim = config.head_dim();
  normed_input = at::empty({n, d}, type);
  inv_rms_input = at::empty({n}, at::kFloat);
  qkv = at::empty({n, (config.num_attention_heads + 2 * config.num_key_value_heads) * head_dim}, type);
  attended = at::empty({n, config.num_attention_heads * head_dim}, type);
  lse = at::empty({batch, config.num_attention_heads, seq}, at::kFloat);
  middle = at::empty({n, d}, at::kFloat);
  normed_middle = at::empty({n, d}, type);
  inv_rms_middle = at::empty({n}, at::kFloat);
  gate_up = at::empty({n, 2 * f}, type);
  activated = at::empty({n, f}, type);
}

void layer_forward(const Llama& model, const LayerWeights& weights, const LayerCall& call, const at::Tensor& h_in,
                   LayerBuffers& buffers, at::Tensor& branch, at::Tensor& h_out) {
  const double eps = model.config.rms_norm_eps, scale = model.norm_scale(call.layer);
  see(call, Point::kLayerInput, h_in);

  ops::rms_norm(h_in, weights.input_norm, eps, scale, buffers.normed_input, buffers.inv_rms_input);
  ops::linear(buffers.normed_input, weights.qkv, buffers.qkv);
  attend(model, call, buffers);
  ops::linear(buffers.attended, weights.o, branch);
  see(call, Point::kAttentionOutput, branch);
  ops::residual_add(h_in, branch, buffers.middle);

  ops::rms_norm(buffers.middle, weights.mlp_norm, eps, scale, buffers.normed_middle, buffers.inv_rms_middle);
  ops::linear(buffers.normed_middle, weights.gate_up, buffers.gate_up);
  ops::swiglu(buffers.gate_up, buffers.activated);
  ops::linear(buffers.activated, weights.down, branch);
  see(call, Point::kMlpOutput, branch);
  ops::residual_add(buffers.middle, branch, h_out);

  see(call, Point::kLayerOutput, h_out);
}

BackwardBuffers::BackwardBuffers(const ModelConfig& config, int64_t batch, int64_t seq, at::ScalarType type) {
  const int64_t n = batch * seq, d = config.hidden_size, f = config.intermediate_size, head_dim = config.head_dim();
  const int64_t queries = config.num_attention_heads * head_dim;
  const int64_t qkv = queries + 2 * config.num_key_value_heads * head_dim;
  d_branch = at::empty({n, d}, type);
  d_normed = at::empty({n, d}, type);
  d_activated = at::empty({n, f}, type);
  d_attended = at::empty({n, queries}, type);
  d_qkv = at::empty({n, qkv}, type);
  const int64_t largest = d * std::max({2 * f, qkv, config.vocab_size});
  weight_product = at::empty({type == at::kFloat ? 0 : largest}, type);
}

void layer_backward(const Llama& model, const LayerWeights& weights, const LayerCall& call, const at::Tensor& h_in,
                    LayerBuffers& buffers, BackwardBuffers& scratch, at::Tensor& dh, LayerWeights& gradients) {
  const ModelConfig& config = model.config;
  const double scale = model.norm_scale(call.layer);
  at::Tensor& product = scratch.weight_product;

  ops::cast(dh, scratch.d_branch);
  ops::linear_input_grad(scratch.d_branch, weights.down, scratch.d_activated);
  ops::linear_weight_grad(scratch.d_branch, buffers.activated, gradients.down, product);
  ops::swiglu_backward(scratch.d_activated, buffers.gate_up);
  ops::linear_input_grad(buffers.gate_up, weights.gate_up, scratch.d_normed);
  ops::linear_weight_grad(buffers.gate_up, buffers.normed_middle, gradients.gate_up, product);
  ops::rms_norm_backward(scratch.d_normed, buffers.middle, weights.mlp_norm, buffers.inv_rms_middle, scale, dh,
                         gradients.mlp_norm);

  ops::cast(dh, scratch.d_branch);
  ops::linear_input_grad(scratch.d_branch, weights.o, scratch.d_attended);
  ops::linear_weight_grad(scratch.d_branch, buffers.attended, gradients.o, product);
  const std::vector<int64_t> heads{call.batch, call.seq, config.num_attention_heads, config.head_dim()};
  const QkvViews views(config, buffers.qkv, call);
  QkvViews d_views(config, scratch.d_qkv, call);
  ops::attention_backward(scratch.d_attended.view(heads), views.q, views.k, views.v, buffers.attended.view(heads),
                          buffers.lse, d_views.q, d_views.k, d_views.v);
  ops::rope_backward(scratch.d_qkv, model.rope, config.num_attention_heads + config.num_key_value_heads,
                     config.head_dim(), call.seq, 0);
  ops::linear_input_grad(scratch.d_qkv, weights.qkv, scratch.d_normed);
  ops::linear_weight_grad(scratch.d_qkv, buffers.normed_input, gradients.qkv, product);
  ops::rms_norm_backward(scratch.d_normed, h_in, weights.input_norm, buffers.inv_rms_input, scale, dh,
                         gradients.input_norm);
}

}  // namespace cambium::model
