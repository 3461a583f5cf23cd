#include "cambium/model/forward.h"

#include <c10/core/GradMode.h>

#include <algorithm>

#include "cambium/base/error.h"
#include "cambium/model/config/head_chunk.h"
#include "cambium/ops/embedding.h"
#include "cambium/ops/head_loss.h"
#include "cambium/ops/linear.h"
#include "cambium/ops/rms_norm.h"

namespace cambium::model {
namespace {

void check_ids(const at::Tensor& ids, int64_t vocab) {
  const int32_t* data = ids.const_data_ptr<int32_t>();
  for (int64_t i = 0; i < ids.numel(); ++i) {
    if (data[i] < 0 || data[i] >= vocab) {
      throw InvalidArgument(format("token {}: expected an id below the vocabulary of {}, found {}", i, vocab, data[i]));
    }
  }
}

}  // namespace

void Forward::prepare(int64_t batch, int64_t seq) {
  if (batch == batch_ && seq == seq_) {
    return;
  }
  const at::TensorOptions compute = model_.options(compute_type(model_.precision)), floats = model_.options(at::kFloat);
  const int64_t n = batch * seq, d = model_.config.hidden_size;
  buffers_.reset();
  buffers_.emplace(model_.config, batch, seq, compute);
  stream_ = at::empty({n, d}, floats);
  next_stream_ = at::empty({n, d}, floats);
  branch_ = at::empty({n, d}, compute);
  normed_ = at::empty({n, d}, compute);
  inv_rms_ = at::empty({n}, floats);
  batch_ = batch;
  seq_ = seq;
}

at::Tensor Forward::hidden(const at::Tensor& ids, const Options& options) {
  const c10::NoGradGuard no_grad;
  const int64_t batch = ids.size(0), seq = ids.size(1);
  check_ids(ids, model_.config.vocab_size);
  model_.reserve_positions(seq + (options.cache == nullptr ? 0 : options.cache->length));
  prepare(batch, seq);

  ops::embedding(model_.embedding(), ids.reshape({-1}).to(model_.device()), stream_);
  const std::span<const int> order = options.order.empty() ? std::span<const int>(model_.order) : options.order;
  for (size_t place = 0; place < order.size(); ++place) {
    if (order[place] < 0 || order[place] >= model_.num_layers()) {
      throw InvalidArgument(
          format("layer order: expected layers 0 to {}, found {}", model_.num_layers() - 1, order[place]));
    }
    const LayerCall call{.batch = batch,
                         .seq = seq,
                         .place = static_cast<int64_t>(place),
                         .layer = order[place],
                         .tap = options.tap,
                         .cache = options.cache};
    layer_forward(model_, model_.layer(order[place]), call, stream_, *buffers_, branch_, next_stream_);
    std::swap(stream_, next_stream_);
  }
  if (options.cache != nullptr) {
    options.cache->length += seq;
  }
  ops::rms_norm(stream_, model_.final_norm(), model_.config.rms_norm_eps, 1.0, normed_, inv_rms_);
  return normed_;
}

at::Tensor Forward::logits(const at::Tensor& hidden_rows) {
  const c10::NoGradGuard no_grad;
  at::Tensor out = at::empty({hidden_rows.size(0), model_.config.vocab_size}, hidden_rows.options());
  ops::linear(hidden_rows, model_.head(), out);
  return out.to(at::kCPU, at::kFloat);
}

KvCache Forward::make_cache(int64_t batch, int64_t max_tokens, int64_t places) const {
  KvCache cache;
  const at::TensorOptions options = model_.options(compute_type(model_.precision));
  const std::vector<int64_t> shape{batch, max_tokens, model_.config.num_key_value_heads, model_.config.head_dim()};
  for (int64_t place = 0; place < places; ++place) {
    cache.keys.push_back(at::empty(shape, options));
    cache.values.push_back(at::empty(shape, options));
  }
  return cache;
}

at::Tensor token_log_probs(Llama& model, Forward& forward, const at::Tensor& ids) {
  const c10::NoGradGuard no_grad;
  const int64_t batch = ids.size(0), seq = ids.size(1);
  const at::Tensor x = forward.hidden(ids);
  at::Tensor targets = at::full({batch, seq}, -1, at::kInt);  // the last token of a row predicts nothing
  targets.narrow(1, 0, seq - 1).copy_(ids.narrow(1, 1, seq - 1));
  at::Tensor losses = at::empty({batch * seq}, model.options(at::kFloat));
  const int64_t chunk = head_chunk_rows(model.config, batch * seq, model.device().is_cpu());
  at::Tensor logits = at::empty({chunk, model.config.vocab_size}, x.options());
  ops::head_loss(x, model.head(), targets.view({-1}).to(model.device()), logits, losses, nullptr);
  return losses.view({batch, seq}).narrow(1, 0, seq - 1).neg().cpu();
}

}  // namespace cambium::model
