#include "cambium/model/training_step.h"

#include <c10/core/GradMode.h>

#include <algorithm>

#include "cambium/model/config/head_chunk.h"
#include "cambium/model/config/layer_order.h"
#include "cambium/ops/embedding.h"
#include "cambium/ops/rms_norm.h"

namespace cambium::model {
namespace {

/// The documents, whole or in part, of sequences of ids [batch, seq] int32 on the CPU.
std::vector<ops::Segment> documents_in(const at::Tensor& ids, int64_t document_end) {
  std::vector<ops::Segment> documents;
  const auto rows = ids.accessor<int32_t, 2>();
  for (int64_t row = 0; row < ids.size(0); ++row) {
    int64_t begin = 0;
    for (int64_t i = 0; i < ids.size(1); ++i) {
      if (rows[row][i] == document_end || i + 1 == ids.size(1)) {
        documents.push_back({.batch = row, .begin = begin, .end = i + 1});
        begin = i + 1;
      }
    }
  }
  return documents;
}

}  // namespace

TrainingStep::TrainingStep(Llama& model, const Options& options)
    : model_(model), options_(options), order_(layer_order(model.config)) {
  const ModelConfig& config = model.config;
  const at::TensorOptions compute = model.options(compute_type(model.precision)), floats = model.options(at::kFloat);
  const int64_t n = options.batch * options.seq, d = config.hidden_size;
  model.reserve_positions(options.seq);
  const auto places = static_cast<int64_t>(order_.size());
  for (int64_t i = 0; i <= places; ++i) {
    stream_.push_back(at::empty({n, d}, floats));
  }
  const int64_t kept = options.recompute == Recompute::kFull ? 1 : places;
  for (int64_t i = 0; i < kept; ++i) {
    const bool shares = i > 0 && options.recompute == Recompute::kSelective;
    buffers_.emplace_back(config, options.batch, options.seq, compute, shares ? &buffers_.front() : nullptr);
  }
  branch_ = at::empty({n, d}, compute);
  normed_ = at::empty({n, d}, compute);
  inv_rms_ = at::empty({n}, floats);
  logits_ = at::empty({head_chunk_rows(config, n, model.device().is_cpu()), config.vocab_size}, compute);
  row_loss_ = at::empty({n}, floats);
  loss_sum_ = at::zeros({}, model.options(at::kDouble));
  scratch_.emplace(config, options.batch, options.seq, compute);
  d_stream_ = at::empty({n, d}, floats);
}

LayerBuffers& TrainingStep::buffers(int64_t place) {
  return buffers_[options_.recompute == Recompute::kFull ? 0 : static_cast<size_t>(place)];
}

LayerCall TrainingStep::call(int64_t place) const {
  const int64_t layer = order_[static_cast<size_t>(place)];
  return {.batch = options_.batch,
          .seq = options_.seq,
          .place = place,
          .layer = layer,
          .clock = clock_,
          .documents = documents_};
}

void TrainingStep::take(const at::Tensor& ids, const at::Tensor& targets) {
  if (options_.document_end) {
    documents_ = documents_in(ids.cpu(), *options_.document_end);
  }
  if (ops::backend_of(stream_.front()) == nullptr) {
    ids_ = ids.reshape({-1});
    targets_ = targets.reshape({-1});
    return;
  }
  // A recording reads the same memory each time. Pinned memory is copied behind the caller's back and kept until then.
  const auto ready = [&](const at::Tensor& from) {
    return model_.device().is_cuda() && from.is_cpu() ? from.pin_memory() : from;
  };
  if (!ids_.defined()) {
    ids_ = at::empty({ids.numel()}, model_.options(at::kInt));
    targets_ = at::empty_like(ids_);
  }
  ids_.copy_(ready(ids.reshape({-1})), /*non_blocking=*/true);
  targets_.copy_(ready(targets.reshape({-1})), /*non_blocking=*/true);
}

void TrainingStep::reads(size_t block) {
  if (listener_ != nullptr) {
    listener_->reads(block);
  }
}

void TrainingStep::complete(size_t block) {
  if (listener_ != nullptr) {
    listener_->gradient_complete(block);
  }
}

void TrainingStep::run_layers() {
  reads(0);
  timed(clock_, "embedding", [&] { ops::embedding(model_.embedding(), ids_, stream_.front()); });
  for (size_t i = 0; i < order_.size(); ++i) {
    const auto place = static_cast<int64_t>(i);
    reads(static_cast<size_t>(order_[i]) + 1);
    layer_forward(model_, model_.layer(order_[i]), call(place), stream_[i], buffers(place), branch_, stream_[i + 1]);
  }
  reads(model_.weights.layers.size() + 1);
  timed(clock_, "final rms_norm", [&] {
    ops::rms_norm(stream_.back(), model_.final_norm(), model_.config.rms_norm_eps, 1.0, normed_, inv_rms_);
  });
}

void TrainingStep::run_head(ops::HeadGradient* gradient) {
  timed(clock_, gradient == nullptr ? "head_loss" : "head_loss with gradient",
        [&] { ops::head_loss(normed_, model_.head(), targets_, logits_, row_loss_, gradient); });
}

double TrainingStep::forward(const at::Tensor& ids, const at::Tensor& targets) {
  const c10::NoGradGuard no_grad;
  take(ids, targets);
  run_layers();
  run_head(nullptr);
  return row_loss_.sum(at::kDouble).item<double>();
}

void TrainingStep::forward_backward(const at::Tensor& ids, const at::Tensor& targets, double scale,
                                    Parameters& gradients) {
  const c10::NoGradGuard no_grad;
  take(ids, targets);
  ops::Backend* device = ops::backend_of(stream_.front());
  // Documents have other lengths each time: no recording fits the next micro-batch.
  if (device == nullptr || clock_ != nullptr || listener_ != nullptr || options_.document_end) {
    run(scale, gradients);
    return;
  }
  const void* memory = gradients.embedding.const_data_ptr();
  if (!recording_ || recording_->scale != scale || recording_->gradients != memory) {
    recording_ = Recording{.scale = scale, .gradients = memory, .work = nullptr};
    run(scale, gradients);  // libraries set themselves up in their first calls
    return;
  }
  if (recording_->work == nullptr) {
    recording_->work = device->record([this, scale, into = gradients]() mutable { run(scale, into); });
  }
  recording_->work->replay();
}

void TrainingStep::run(double scale, Parameters& gradients) {
  const ModelConfig& config = model_.config;
  run_layers();

  const at::Tensor embedding_grad = gradients.embedding.view({config.vocab_size, config.hidden_size});
  at::Tensor final_norm_grad = gradients.head.narrow(0, 0, config.hidden_size);
  const at::Tensor head_grad = config.tie_word_embeddings
                                   ? embedding_grad
                                   : gradients.head.narrow(0, config.hidden_size, embedding_grad.numel())
                                         .view({config.vocab_size, config.hidden_size});
  ops::HeadGradient gradient{.loss = {scale, options_.z_loss}, .dx = scratch_->mlp.d_normed, .dw = head_grad};
  run_head(&gradient);
  loss_sum_.add_(row_loss_.sum(at::kDouble));

  timed(clock_, "final rms_norm backward", [&] {
    d_stream_.zero_();
    ops::rms_norm_backward(scratch_->mlp.d_normed, stream_.back(), model_.final_norm(), inv_rms_, 1.0, d_stream_,
                           final_norm_grad);
  });
  complete(gradients.layers.size() + 1);
  for (size_t i = order_.size(); i-- > 0;) {
    const auto place = static_cast<int64_t>(i);
    const LayerWeights weights = model_.layer(order_[i]);
    switch (options_.recompute) {
      case Recompute::kNone:
        break;
      case Recompute::kSelective:
        restore_layer(model_, weights, call(place), stream_[i], buffers(place));
        break;
      case Recompute::kFull:
        layer_forward(model_, weights, call(place), stream_[i], buffers(place), branch_, stream_[i + 1]);
        break;
    }
    const auto layer = static_cast<size_t>(order_[i]);  // met several times in a loop: its gradients add up
    LayerWeights layer_gradients = view_layer(config, gradients.layers[layer], gradients.layers[layer]);
    layer_backward(model_, weights, call(place), stream_[i], buffers(place), *scratch_, d_stream_, layer_gradients);
    if (std::find(order_.begin(), order_.begin() + place, order_[i]) == order_.begin() + place) {
      complete(layer + 1);
    }
  }
  timed(clock_, "embedding backward", [&] {
    at::Tensor into_embedding = embedding_grad;
    ops::embedding_backward(d_stream_, ids_, into_embedding);
  });
  complete(0);
}

}  // namespace cambium::model
