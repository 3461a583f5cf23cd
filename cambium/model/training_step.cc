#include "cambium/model/training_step.h"

#include <c10/core/GradMode.h>

#include "cambium/model/config/head_chunk.h"
#include "cambium/ops/embedding.h"
#include "cambium/ops/head_loss.h"
#include "cambium/ops/rms_norm.h"

namespace cambium::model {

TrainingStep::TrainingStep(Llama& model, const Options& options) : model_(model), options_(options) {
  const ModelConfig& config = model.config;
  const at::ScalarType type = compute_type(model.precision);
  const int64_t n = options.batch * options.seq, d = config.hidden_size;
  model.reserve_positions(options.seq);
  for (int64_t i = 0; i <= model.num_layers(); ++i) {
    stream_.push_back(at::empty({n, d}, at::kFloat));
  }
  const int64_t kept = options.recompute ? 1 : model.num_layers();
  for (int64_t i = 0; i < kept; ++i) {
    buffers_.emplace_back(config, options.batch, options.seq, type);
  }
  branch_ = at::empty({n, d}, type);
  normed_ = at::empty({n, d}, type);
  inv_rms_ = at::empty({n}, at::kFloat);
  logits_ = at::empty({head_chunk_rows(config, n), config.vocab_size}, type);
  row_loss_ = at::empty({n}, at::kFloat);
  scratch_.emplace(config, options.batch, options.seq, type);
  d_stream_ = at::empty({n, d}, at::kFloat);
}

LayerBuffers& TrainingStep::buffers(int64_t layer) {
  return buffers_[options_.recompute ? 0 : static_cast<size_t>(layer)];
}

LayerCall TrainingStep::call(int64_t layer) const {
  return {.batch = options_.batch, .seq = options_.seq, .place = layer, .layer = layer};
}

void TrainingStep::run_layers(const at::Tensor& ids) {
  ops::embedding(model_.embedding(), ids.reshape({-1}), stream_.front());
  for (int64_t layer = 0; layer < model_.num_layers(); ++layer) {
    const auto i = static_cast<size_t>(layer);
    layer_forward(model_, model_.layer(layer), call(layer), stream_[i], buffers(layer), branch_, stream_[i + 1]);
  }
  ops::rms_norm(stream_.back(), model_.final_norm(), model_.config.rms_norm_eps, 1.0, normed_, inv_rms_);
}

double TrainingStep::run_head(const at::Tensor& targets, ops::HeadGradient* gradient) {
  ops::head_loss(normed_, model_.head(), targets.reshape({-1}), logits_, row_loss_, gradient);
  return row_loss_.sum(at::kDouble).item<double>();
}

double TrainingStep::forward(const at::Tensor& ids, const at::Tensor& targets) {
  const c10::NoGradGuard no_grad;
  run_layers(ids);
  return run_head(targets, nullptr);
}

double TrainingStep::forward_backward(const at::Tensor& ids, const at::Tensor& targets, double scale,
                                      Parameters& gradients) {
  const c10::NoGradGuard no_grad;
  const ModelConfig& config = model_.config;
  run_layers(ids);

  const at::Tensor embedding_grad = gradients.embedding.view({config.vocab_size, config.hidden_size});
  at::Tensor final_norm_grad = gradients.head.narrow(0, 0, config.hidden_size);
  at::Tensor head_grad = config.tie_word_embeddings
                             ? embedding_grad
                             : gradients.head.narrow(0, config.hidden_size, embedding_grad.numel())
                                   .view({config.vocab_size, config.hidden_size});
  ops::HeadGradient gradient{.scale = scale, .z_loss = options_.z_loss, .dx = scratch_->mlp.d_normed, .dw = head_grad};
  const double loss = run_head(targets, &gradient);

  d_stream_.zero_();
  ops::rms_norm_backward(scratch_->mlp.d_normed, stream_.back(), model_.final_norm(), inv_rms_, 1.0, d_stream_,
                         final_norm_grad);
  for (int64_t layer = model_.num_layers() - 1; layer >= 0; --layer) {
    const auto i = static_cast<size_t>(layer);
    const LayerWeights weights = model_.layer(layer);
    if (options_.recompute) {
      layer_forward(model_, weights, call(layer), stream_[i], buffers(layer), branch_, stream_[i + 1]);
    }
    LayerWeights layer_gradients = view_layer(config, gradients.layers[i], gradients.layers[i]);
    layer_backward(model_, weights, call(layer), stream_[i], buffers(layer), *scratch_, d_stream_, layer_gradients);
  }
  at::Tensor into_embedding = embedding_grad;
  ops::embedding_backward(d_stream_, ids.reshape({-1}), into_embedding);
  return loss;
}

}  // namespace cambium::model
