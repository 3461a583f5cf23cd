#include "cambium/model/layer.h"

#include "cambium/ops/attention_input.h"
#include "cambium/ops/attention_output.h"
#include "cambium/ops/residual.h"
#include "cambium/ops/rms_norm.h"
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

/// A tap may overwrite a sublayer's output: then the sum is made again.
void show_branch(const LayerCall& call, Point point, const at::Tensor& h, const at::Tensor& branch, at::Tensor& out) {
  if (call.tap != nullptr) {
    see(call, point, branch);
    ops::residual_add(h, branch, out);
  }
}

ops::AttentionInput attention_input(const Llama& model, const LayerWeights& weights, const LayerCall& call) {
  const ModelConfig& config = model.config;
  return {.norm = weights.input_norm,
          .w = weights.qkv,
          .eps = config.rms_norm_eps,
          .scale = model.norm_scale(call.layer),
          .rope = model.rope,
          .rotated_heads = config.num_attention_heads + config.num_key_value_heads,
          .head_dim = config.head_dim(),
          .seq = call.seq,
          .first_position = call.cache == nullptr ? 0 : call.cache->length};
}

ops::MlpNorm mlp_norm(const Llama& model, const LayerCall& call) {
  return {.eps = model.config.rms_norm_eps, .scale = model.norm_scale(call.layer)};
}

void attend(const Llama& model, const LayerCall& call, LayerBuffers& buffers) {
  const ModelConfig& config = model.config;
  QkvViews views(config, buffers.qkv, call);
  if (call.cache != nullptr) {
    const int64_t held = call.cache->length;
    at::Tensor& keys = call.cache->keys.at(static_cast<size_t>(call.place));
    at::Tensor& values = call.cache->values.at(static_cast<size_t>(call.place));
    keys.narrow(1, held, call.seq).copy_(views.k);
    values.narrow(1, held, call.seq).copy_(views.v);
    views.k = keys.narrow(1, 0, held + call.seq);
    views.v = values.narrow(1, 0, held + call.seq);
  }
  at::Tensor out = buffers.attended.view({call.batch, call.seq, config.num_attention_heads, config.head_dim()});
  ops::attention(views.q, views.k, views.v, out, buffers.lse, call.documents);
}

}  // namespace

LayerBuffers::LayerBuffers(const ModelConfig& config, int64_t batch, int64_t seq, const at::TensorOptions& options,
                           const LayerBuffers* shared) {
  const int64_t n = batch * seq, d = config.hidden_size, f = config.intermediate_size, head_dim = config.head_dim();
  const at::TensorOptions floats = options.dtype(at::kFloat);
  inv_rms_input = at::empty({n}, floats);
  qkv = at::empty({n, (config.num_attention_heads + 2 * config.num_key_value_heads) * head_dim}, options);
  attended = at::empty({n, config.num_attention_heads * head_dim}, options);
  lse = at::empty({batch, config.num_attention_heads, seq}, floats);
  mlp.inv_rms = at::empty({n}, floats);
  mlp.gate_up = at::empty({n, 2 * f}, options);
  normed_input = shared != nullptr ? shared->normed_input : at::empty({n, d}, options);
  middle = shared != nullptr ? shared->middle : at::empty({n, d}, floats);
  mlp.normed = shared != nullptr ? shared->mlp.normed : at::empty({n, d}, options);
  mlp.activated = shared != nullptr ? shared->mlp.activated : at::empty({n, f}, options);
}

void layer_forward(const Llama& model, const LayerWeights& weights, const LayerCall& call, const at::Tensor& h_in,
                   LayerBuffers& buffers, at::Tensor& branch, at::Tensor& h_out) {
  at::Tensor seen =
      call.tap == nullptr ? at::Tensor() : branch;  // the sublayers' outputs are only made to be looked at
  see(call, Point::kLayerInput, h_in);

  timed(call.clock, "attention_input", [&] {
    ops::attention_input(attention_input(model, weights, call), h_in, buffers.normed_input, buffers.inv_rms_input,
                         buffers.qkv);
  });
  timed(call.clock, "attention", [&] { attend(model, call, buffers); });
  timed(call.clock, "attention_output",
        [&] { ops::attention_output(buffers.attended, weights.o, h_in, seen, buffers.middle); });
  show_branch(call, Point::kAttentionOutput, h_in, seen, buffers.middle);

  timed(call.clock, "mlp", [&] {
    ops::mlp({weights.mlp_norm, weights.gate_up, weights.down}, mlp_norm(model, call), buffers.middle, buffers.mlp,
             seen, h_out);
  });
  show_branch(call, Point::kMlpOutput, buffers.middle, seen, h_out);
  see(call, Point::kLayerOutput, h_out);
}

void restore_layer(const Llama& model, const LayerWeights& weights, const LayerCall& call, const at::Tensor& h_in,
                   LayerBuffers& buffers) {
  const ops::MlpNorm norm = mlp_norm(model, call);
  at::Tensor unseen;
  timed(call.clock, "restore layer", [&] {
    ops::rms_norm(h_in, weights.input_norm, norm.eps, norm.scale, buffers.normed_input, buffers.inv_rms_input);
    ops::attention_output(buffers.attended, weights.o, h_in, unseen, buffers.middle);
    ops::rms_norm(buffers.middle, weights.mlp_norm, norm.eps, norm.scale, buffers.mlp.normed, buffers.mlp.inv_rms);
    ops::swiglu(buffers.mlp.gate_up, buffers.mlp.activated);
  });
}

BackwardBuffers::BackwardBuffers(const ModelConfig& config, int64_t batch, int64_t seq,
                                 const at::TensorOptions& options) {
  const int64_t n = batch * seq, d = config.hidden_size, f = config.intermediate_size, head_dim = config.head_dim();
  const int64_t queries = config.num_attention_heads * head_dim;
  const int64_t qkv = queries + 2 * config.num_key_value_heads * head_dim;
  mlp = {.d_branch = at::empty({n, d}, options),
         .d_normed = at::empty({n, d}, options),
         .d_activated = at::empty({n, f}, options)};
  d_attended = at::empty({n, queries}, options);
  d_qkv = at::empty({n, qkv}, options);
}

void layer_backward(const Llama& model, const LayerWeights& weights, const LayerCall& call, const at::Tensor& h_in,
                    LayerBuffers& buffers, BackwardBuffers& scratch, at::Tensor& dh, LayerWeights& gradients) {
  const ModelConfig& config = model.config;
  ops::MlpWeights mlp_gradients{gradients.mlp_norm, gradients.gate_up, gradients.down};
  timed(call.clock, "mlp backward", [&] {
    ops::mlp_backward({weights.mlp_norm, weights.gate_up, weights.down}, mlp_norm(model, call), buffers.middle,
                      buffers.mlp, scratch.mlp, dh, mlp_gradients);
  });
  timed(call.clock, "attention_output backward", [&] {
    ops::attention_output_backward(dh, buffers.attended, weights.o, scratch.mlp.d_branch, scratch.d_attended,
                                   gradients.o);
  });
  const std::vector<int64_t> heads{call.batch, call.seq, config.num_attention_heads, config.head_dim()};
  const QkvViews views(config, buffers.qkv, call);
  QkvViews d_views(config, scratch.d_qkv, call);
  timed(call.clock, "attention backward", [&] {
    ops::attention_backward(scratch.d_attended.view(heads), views.q, views.k, views.v, buffers.attended.view(heads),
                            buffers.lse, d_views.q, d_views.k, d_views.v, call.documents);
  });
  timed(call.clock, "attention_input backward", [&] {
    ops::attention_input_backward(attention_input(model, weights, call), h_in, buffers.normed_input,
                                  buffers.inv_rms_input, scratch.d_qkv, scratch.mlp.d_normed, dh, gradients.input_norm,
                                  gradients.qkv);
  });
}

}  // namespace cambium::model
