#include "bench/step_profile.h"

#include <algorithm>
#include <cmath>

#include "bench/stopwatch.h"
#include "cambium/base/error.h"
#include "cambium/model/config/head_chunk.h"
#include "cambium/ops/attention.h"
#include "cambium/ops/attention_input.h"
#include "cambium/ops/attention_output.h"
#include "cambium/ops/embedding.h"
#include "cambium/ops/head_loss.h"
#include "cambium/ops/rms_norm.h"
#include "cambium/train/optimizer.h"

namespace cambium::bench {
namespace {

/// Adds up the times of named ops.
class OpClock {
 public:
  template <typename Op>
  void time(const char* name, Op&& op) {
    auto found = std::find_if(times_.begin(), times_.end(), [&](const OpTime& time) { return time.op == name; });
    if (found == times_.end()) {
      found = times_.insert(times_.end(), OpTime{.op = name});
    }
    found->seconds += seconds_of(op);
    ++found->calls;
  }
  StepProfile take() {
    StepProfile profile{.ops = std::move(times_)};
    for (const OpTime& time : profile.ops) {
      profile.seconds += time.seconds;
    }
    times_.clear();
    return profile;
  }

 private:
  std::vector<OpTime> times_;
};

class ProfiledStep {
 public:
  explicit ProfiledStep(Trainee& trainee)
      : trainee_(trainee),
        model_(trainee.model),
        shape_(model_.config),
        batch_(trainee.micro_batch),
        seq_(trainee.config.train.sequence_length),
        scratch_(shape_, batch_, seq_, type_) {
    const int64_t n = batch_ * seq_, d = shape_.hidden_size;
    for (int64_t i = 0; i <= model_.num_layers(); ++i) {
      stream_.push_back(at::empty({n, d}, at::kFloat));
    }
    for (int64_t i = 0; i < (recompute_ ? 1 : model_.num_layers()); ++i) {
      buffers_.emplace_back(shape_, batch_, seq_, type_);
    }
    normed_ = at::empty({n, d}, type_);
    inv_rms_ = at::empty({n}, at::kFloat);
    logits_ = at::empty({model::head_chunk_rows(shape_, n), shape_.vocab_size}, type_);
    row_loss_ = at::empty({n}, at::kFloat);
    d_stream_ = at::empty({n, d}, at::kFloat);
  }

  /// As Trainee::step.
  double run(OpClock& clock) {
    model_.reserve_positions(seq_);
    const double scale = 1.0 / static_cast<double>(trainee_.batch_tokens());
    double loss = 0, norm = 0;
    clock.time("zero gradients", [&] { trainee_.gradients.zero(); });
    for (int64_t first = 0; first < trainee_.ids.size(0); first += batch_) {
      loss += forward_backward(clock, trainee_.ids.narrow(0, first, batch_), trainee_.targets.narrow(0, first, batch_),
                               scale);
    }
    clock.time("sum_squares", [&] { norm = train::gradient_norm(trainee_.gradients); });
    clock.time("adamw", [&] {
      train::update(model_, trainee_.state, trainee_.gradients, trainee_.config.train,
                    trainee_.config.train.learning_rate, train::clip_scale(norm, trainee_.config.train.clip_norm));
    });
    return loss * scale;
  }

 private:
  struct Heads {
    at::Tensor q, k, v;
  };
  /// [batch, seq, heads, head_dim] each, of packed rows.
  Heads heads_of(const at::Tensor& packed) const {
    const int64_t heads = shape_.num_attention_heads, kv_heads = shape_.num_key_value_heads;
    const at::Tensor all = packed.view({batch_, seq_, heads + 2 * kv_heads, shape_.head_dim()});
    return {all.narrow(2, 0, heads), all.narrow(2, heads, kv_heads), all.narrow(2, heads + kv_heads, kv_heads)};
  }
  at::Tensor by_heads(const at::Tensor& rows) const {
    return rows.view({batch_, seq_, shape_.num_attention_heads, shape_.head_dim()});
  }
  model::LayerBuffers& buffers(int64_t layer) { return buffers_[recompute_ ? 0 : static_cast<size_t>(layer)]; }
  ops::MlpNorm mlp_norm(int64_t layer) const { return {.eps = shape_.rms_norm_eps, .scale = model_.norm_scale(layer)}; }
  ops::AttentionInput attention_input(int64_t layer, const model::LayerWeights& weights) const {
    return {.norm = weights.input_norm,
            .w = weights.qkv,
            .eps = shape_.rms_norm_eps,
            .scale = model_.norm_scale(layer),
            .rope = model_.rope,
            .rotated_heads = shape_.num_attention_heads + shape_.num_key_value_heads,
            .head_dim = shape_.head_dim(),
            .seq = seq_,
            .first_position = 0};
  }

  void layer_forward(OpClock& clock, int64_t layer) {
    const model::LayerWeights weights = model_.layer(layer);
    model::LayerBuffers& own = buffers(layer);
    const auto i = static_cast<size_t>(layer);
    at::Tensor unseen;
    clock.time("attention_input", [&] {
      ops::attention_input(attention_input(layer, weights), stream_[i], own.normed_input, own.inv_rms_input, own.qkv);
    });
    const Heads heads = heads_of(own.qkv);
    at::Tensor attended = by_heads(own.attended);
    clock.time("attention", [&] { ops::attention(heads.q, heads.k, heads.v, attended, own.lse); });
    clock.time("attention_output",
               [&] { ops::attention_output(own.attended, weights.o, stream_[i], unseen, own.middle); });
    clock.time("mlp", [&] {
      ops::mlp({weights.mlp_norm, weights.gate_up, weights.down}, mlp_norm(layer), own.middle, own.mlp, unseen,
               stream_[i + 1]);
    });
  }

  void layer_backward(OpClock& clock, int64_t layer) {
    const model::LayerWeights weights = model_.layer(layer);
    model::LayerBuffers& own = buffers(layer);
    const auto i = static_cast<size_t>(layer);
    const at::Tensor& flat = trainee_.gradients.layers[i];
    model::LayerWeights gradients = model::view_layer(shape_, flat, flat);
    ops::MlpWeights mlp_gradients{gradients.mlp_norm, gradients.gate_up, gradients.down};
    clock.time("mlp backward", [&] {
      ops::mlp_backward({weights.mlp_norm, weights.gate_up, weights.down}, mlp_norm(layer), own.middle, own.mlp,
                        scratch_.mlp, d_stream_, mlp_gradients);
    });
    clock.time("attention_output backward", [&] {
      ops::attention_output_backward(d_stream_, own.attended, weights.o, scratch_.mlp.d_branch, scratch_.d_attended,
                                     gradients.o);
    });
    const Heads heads = heads_of(own.qkv);
    Heads d_heads = heads_of(scratch_.d_qkv);
    clock.time("attention backward", [&] {
      ops::attention_backward(by_heads(scratch_.d_attended), heads.q, heads.k, heads.v, by_heads(own.attended), own.lse,
                              d_heads.q, d_heads.k, d_heads.v);
    });
    clock.time("attention_input backward", [&] {
      ops::attention_input_backward(attention_input(layer, weights), stream_[i], own.normed_input, own.inv_rms_input,
                                    scratch_.d_qkv, scratch_.mlp.d_normed, d_stream_, gradients.input_norm,
                                    gradients.qkv);
    });
  }

  /// Σ loss of one micro-batch.
  double forward_backward(OpClock& clock, const at::Tensor& ids, const at::Tensor& targets, double scale) {
    const at::Tensor flat_ids = ids.reshape({-1});
    clock.time("embedding", [&] { ops::embedding(model_.embedding(), flat_ids, stream_.front()); });
    for (int64_t layer = 0; layer < model_.num_layers(); ++layer) {
      layer_forward(clock, layer);
    }
    clock.time("final rms_norm", [&] {
      ops::rms_norm(stream_.back(), model_.final_norm(), shape_.rms_norm_eps, 1.0, normed_, inv_rms_);
    });

    at::Tensor embedding_grad = trainee_.gradients.embedding.view({shape_.vocab_size, shape_.hidden_size});
    at::Tensor norm_grad = trainee_.gradients.head.narrow(0, 0, shape_.hidden_size);
    const at::Tensor head_grad =
        shape_.tie_word_embeddings
            ? embedding_grad
            : trainee_.gradients.head.narrow(0, shape_.hidden_size, embedding_grad.numel()).view_as(embedding_grad);
    ops::HeadGradient gradient{
        .scale = scale, .z_loss = trainee_.config.train.z_loss, .dx = scratch_.mlp.d_normed, .dw = head_grad};
    clock.time("head_loss with gradient",
               [&] { ops::head_loss(normed_, model_.head(), targets.reshape({-1}), logits_, row_loss_, &gradient); });
    clock.time("final rms_norm backward", [&] {
      d_stream_.zero_();
      ops::rms_norm_backward(scratch_.mlp.d_normed, stream_.back(), model_.final_norm(), inv_rms_, 1.0, d_stream_,
                             norm_grad);
    });
    for (int64_t layer = model_.num_layers() - 1; layer >= 0; --layer) {
      if (recompute_) {
        layer_forward(clock, layer);
      }
      layer_backward(clock, layer);
    }
    clock.time("embedding backward", [&] { ops::embedding_backward(d_stream_, flat_ids, embedding_grad); });
    return row_loss_.sum(at::kDouble).item<double>();
  }

  Trainee& trainee_;
  model::Llama& model_;
  const model::ModelConfig& shape_;
  const int64_t batch_, seq_;
  const at::ScalarType type_ = model::compute_type(trainee_.model.precision);
  const bool recompute_ = trainee_.config.train.recompute;
  std::vector<at::Tensor> stream_;
  std::vector<model::LayerBuffers> buffers_;
  at::Tensor normed_, inv_rms_, logits_, row_loss_, d_stream_;
  model::BackwardBuffers scratch_;
};

}  // namespace

StepProfile profile_step(Trainee& trainee, double seconds) {
  constexpr int kSteps = 3;
  const double loss = trainee.loss();
  trainee.release_buffers();  // the step below has buffers of the same size
  ProfiledStep step(trainee);
  OpClock clock;
  const double found = step.run(clock);
  if (!(std::abs(found - loss) <= 1e-6 * std::abs(loss))) {
    fail("the step that is measured op by op has a loss of {}, the trainer's one of {}", found, loss);
  }
  clock.take();  // the first one touched fresh memory
  StepProfile best;
  const Stopwatch watch;
  for (int i = 0; i < kSteps || watch.seconds() < seconds; ++i) {
    step.run(clock);
    StepProfile profile = clock.take();
    if (i == 0 || profile.seconds < best.seconds) {
      best = std::move(profile);
    }
  }
  return best;
}

}  // namespace cambium::bench
