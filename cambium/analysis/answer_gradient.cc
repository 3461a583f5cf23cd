#include "cambium/analysis/answer_gradient.h"

#include <c10/core/GradMode.h>

#include "cambium/ops/mlp.h"
#include "cambium/ops/rms_norm.h"

namespace cambium::analysis {
namespace {

/// Room for the gradients of a layer's weights, which nobody asks for.
model::LayerWeights unused_gradients(const model::Llama& model) {
  const at::Tensor room = at::zeros_like(model.weights.layers.front());
  return model::view_layer(model.config, room, room);
}

}  // namespace

AnswerGradient::AnswerGradient(Engine& engine, const at::Tensor& ids, int64_t answer)
    : engine_(engine),
      seq_(ids.size(1)),
      first_(seq_ - 1 - answer),
      answer_(ids[0].narrow(0, seq_ - answer, answer).to(at::kLong)) {}

/// The value [batch]; the gradient at the last stream goes into `d_stream`, both [batch · seq, hidden].
at::Tensor AnswerGradient::head(const at::Tensor& stream, at::Tensor& d_stream) {
  const model::Llama& model = engine_.model();
  const int64_t n = stream.size(0), d = stream.size(1), count = answer_.numel();
  at::Tensor normed = at::empty_like(stream), inv_rms = at::empty({n}, stream.options());
  ops::rms_norm(stream, model.final_norm(), model.config.rms_norm_eps, 1.0, normed, inv_rms);
  const at::Tensor rows = normed.view({-1, seq_, d}).narrow(1, first_, count);
  const at::Tensor head = model.head().to(at::kFloat);
  const at::Tensor probabilities = at::softmax(at::matmul(rows, head.t()), -1);  // [batch, answer, vocab]
  const at::Tensor columns = answer_.view({1, count, 1}).expand({rows.size(0), count, 1});
  const at::Tensor found = probabilities.gather(2, columns);
  at::Tensor d_logits = -(probabilities * found);
  d_logits.scatter_add_(2, columns, found);
  at::Tensor d_normed = at::zeros_like(stream), d_weight = at::zeros({d}, stream.options());
  d_normed.view({-1, seq_, d}).narrow(1, first_, count).copy_(at::matmul(d_logits, head));
  d_stream.zero_();
  ops::rms_norm_backward(d_normed, stream, model.final_norm(), inv_rms, 1.0, d_stream, d_weight);
  return found.sum({1, 2});
}

AnswerGradient::Result AnswerGradient::before_layer(int64_t layer, const at::Tensor& stream) {
  const c10::NoGradGuard no_grad;
  const model::Llama& model = engine_.model();
  const at::TensorOptions compute = model.options(model::compute_type(model.precision));
  const int64_t batch = stream.size(0), d = stream.size(2), n = batch * seq_;
  std::vector<at::Tensor> streams{stream.reshape({n, d}).contiguous()};
  std::vector<model::LayerBuffers> kept;
  at::Tensor branch = at::empty({n, d}, compute);
  const auto call = [&](int64_t index) { return model::LayerCall{.batch = batch, .seq = seq_, .layer = index}; };
  for (int64_t index = layer; index < engine_.num_layers(); ++index) {
    kept.emplace_back(model.config, batch, seq_, compute);
    at::Tensor out = at::empty({n, d}, stream.options());
    model::layer_forward(model, model.layer(index), call(index), streams.back(), kept.back(), branch, out);
    streams.push_back(out);
  }
  at::Tensor gradient = at::empty({n, d}, stream.options());
  const at::Tensor value = head(streams.back(), gradient);
  if (!kept.empty()) {
    model::BackwardBuffers scratch(model.config, batch, seq_, compute);
    model::LayerWeights unused = unused_gradients(model);
    for (int64_t index = engine_.num_layers() - 1; index >= layer; --index) {
      const auto place = static_cast<size_t>(index - layer);
      model::layer_backward(model, model.layer(index), call(index), streams[place], kept[place], scratch, gradient,
                            unused);
    }
  }
  return {value, gradient.view({batch, seq_, d})};
}

AnswerGradient::Result AnswerGradient::before_mlp(int64_t layer, const at::Tensor& stream) {
  const c10::NoGradGuard no_grad;
  const model::Llama& model = engine_.model();
  const at::TensorOptions compute = model.options(model::compute_type(model.precision));
  const int64_t batch = stream.size(0), d = stream.size(2), n = batch * seq_;
  const model::LayerWeights weights = model.layer(layer);
  const ops::MlpWeights mlp{weights.mlp_norm, weights.gate_up, weights.down};
  const ops::MlpNorm norm{.eps = model.config.rms_norm_eps, .scale = model.norm_scale(layer)};
  const at::Tensor middle = stream.reshape({n, d}).contiguous();
  model::LayerBuffers buffers(model.config, batch, seq_, compute);
  at::Tensor unseen, out = at::empty({n, d}, stream.options());
  ops::mlp(mlp, norm, middle, buffers.mlp, unseen, out);
  Result behind = before_layer(layer + 1, out.view({batch, seq_, d}));
  at::Tensor gradient = behind.gradient.view({n, d});
  model::BackwardBuffers scratch(model.config, batch, seq_, compute);
  model::LayerWeights unused = unused_gradients(model);
  ops::MlpWeights unused_mlp{unused.mlp_norm, unused.gate_up, unused.down};
  ops::mlp_backward(mlp, norm, middle, buffers.mlp, scratch.mlp, gradient, unused_mlp);
  return behind;
}

}  // namespace cambium::analysis
