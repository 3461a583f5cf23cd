#include "cambium/analysis/engine.h"

#include <c10/core/GradMode.h>

#include "cambium/base/error.h"
#include "cambium/model/config/head_chunk.h"
#include "cambium/ops/embedding.h"
#include "cambium/ops/head_loss.h"
#include "cambium/ops/linear.h"
#include "cambium/ops/rms_norm.h"

namespace cambium::analysis {

Engine::Engine(model::Llama& model) : model_(model) {}

/// Shapes change from call to call: one allocation serves all that fit into it.
model::LayerBuffers& Engine::buffers(int64_t batch, int64_t seq) {
  if (batch == batch_ && seq == seq_) {
    return *view_;
  }
  const int64_t n = batch * seq;
  if (n > capacity_) {
    view_.reset();
    all_.reset();
    all_.emplace(model_.config, 1, n, model_.options(model::compute_type(model_.precision)));
    branch_ = at::empty({n, model_.config.hidden_size}, model_.options(model::compute_type(model_.precision)));
    capacity_ = n;
  }
  view_ = *all_;
  const auto rows = [&](at::Tensor& tensor) { tensor = tensor.narrow(0, 0, n); };
  rows(view_->normed_input);
  rows(view_->inv_rms_input);
  rows(view_->qkv);
  rows(view_->attended);
  rows(view_->middle);
  rows(view_->mlp.inv_rms);
  rows(view_->mlp.gate_up);
  rows(view_->mlp.normed);
  rows(view_->mlp.activated);
  const int64_t heads = model_.config.num_attention_heads;
  view_->lse = all_->lse.view({-1}).narrow(0, 0, n * heads).view({batch, heads, seq});
  batch_ = batch;
  seq_ = seq;
  return *view_;
}

at::Tensor Engine::embed(const at::Tensor& ids) {
  const c10::NoGradGuard no_grad;
  const int64_t vocab = model_.config.vocab_size;
  if (ids.numel() > 0 && (ids.min().item<int64_t>() < 0 || ids.max().item<int64_t>() >= vocab)) {
    throw InvalidArgument(format("ids: expected values below the vocabulary of {}", vocab));
  }
  model_.reserve_positions(ids.size(1));
  at::Tensor stream = at::empty({ids.numel(), model_.config.hidden_size}, model_.options(at::kFloat));
  ops::embedding(model_.embedding(), ids.reshape({-1}).to(model_.device()), stream);
  return stream.view({ids.size(0), ids.size(1), -1});
}

at::Tensor Engine::layer(int64_t index, const at::Tensor& stream, model::Tap* tap, model::KvCache* cache) {
  const c10::NoGradGuard no_grad;
  const int64_t batch = stream.size(0), seq = stream.size(1), d = stream.size(2);
  const model::LayerCall call{.batch = batch, .seq = seq, .place = 0, .layer = index, .tap = tap, .cache = cache};
  model::LayerBuffers& scratch = buffers(batch, seq);
  at::Tensor branch = branch_.narrow(0, 0, batch * seq);
  at::Tensor out = at::empty({batch * seq, d}, stream.options());
  model::layer_forward(model_, model_.layer(index), call, stream.reshape({batch * seq, d}), scratch, branch, out);
  return out.view({batch, seq, d});
}

at::Tensor Engine::run(at::Tensor stream, std::span<const int> order, model::Tap* tap) {
  for (const int index : order) {
    stream = layer(index, stream, tap);
  }
  return stream;
}

std::vector<at::Tensor> Engine::streams(const at::Tensor& ids) {
  std::vector<at::Tensor> all{embed(ids)};
  for (int64_t index = 0; index < num_layers(); ++index) {
    all.push_back(layer(index, all.back()));
  }
  return all;
}

model::KvCache Engine::make_cache(int64_t batch, int64_t tokens) {
  const at::TensorOptions options = model_.options(model::compute_type(model_.precision));
  const std::vector<int64_t> shape{batch, tokens, model_.config.num_key_value_heads, model_.config.head_dim()};
  model::KvCache cache;
  cache.keys = {at::empty(shape, options)};
  cache.values = {at::empty(shape, options)};
  return cache;
}

at::Tensor Engine::final_norm(const at::Tensor& rows) {
  const c10::NoGradGuard no_grad;
  const at::Tensor x = rows.contiguous();
  at::Tensor normed = at::empty(x.sizes(), model_.options(model::compute_type(model_.precision)));
  at::Tensor inv_rms = at::empty({x.size(0)}, model_.options(at::kFloat));
  ops::rms_norm(x, model_.final_norm(), model_.config.rms_norm_eps, 1.0, normed, inv_rms);
  return normed;
}

at::Tensor Engine::logits(const at::Tensor& rows) {
  const c10::NoGradGuard no_grad;
  const at::Tensor x = final_norm(rows);
  at::Tensor out = at::empty({x.size(0), model_.config.vocab_size}, x.options());
  ops::linear(x, model_.head(), out);
  return out.to(at::kCPU, at::kFloat);
}

at::Tensor Engine::losses(const at::Tensor& stream, const at::Tensor& targets) {
  const c10::NoGradGuard no_grad;
  const int64_t n = targets.numel();
  const at::Tensor x = final_norm(stream.view({n, -1}));
  at::Tensor out = at::empty({n}, model_.options(at::kFloat));
  at::Tensor chunk = at::empty({head_rows(n), model_.config.vocab_size}, x.options());
  ops::head_loss(x, model_.head(), targets.reshape({-1}).to(model_.device()), chunk, out, nullptr);
  return out.view(targets.sizes()).cpu();
}

int64_t Engine::head_rows(int64_t rows) const {
  return model::head_chunk_rows(model_.config, rows, model_.device().is_cpu());
}

}  // namespace cambium::analysis
