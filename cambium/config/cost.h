#pragma once

#include <cstdint>
#include <span>

#include "cambium/growth/schedule.h"
#include "cambium/model/config/model_config.h"
#include "cambium/model/config/recompute.h"

namespace cambium::config {

/// Which products of attention are counted: of every position with every other (the usual convention, and what the
/// speed-ups of the depth-growing papers are stated in), or only those that a causal mask leaves.
enum class AttentionCost { kFull, kCausal };

/// Floating point operations (a multiply-add is two) of one token in a sequence of T, hidden size d:
///   a layer, forward:   2 P + 4 T d      P = weights of its matrices; causal: 2 P + 2 T d
///   the head, forward:  2 V d            V = vocabulary
/// Norms, RoPE, the activation and the optimizer are below one per cent and not counted.
double layer_forward_flops(const model::ModelConfig& model, int64_t sequence_length,
                           AttentionCost attention = AttentionCost::kFull);
double head_forward_flops(const model::ModelConfig& model);

/// Training FLOPs a token at `layers` layers, those of a loop counted each time they run: three times forward, since
/// backward computes two products for each one. Recomputation is not counted. Model FLOPs utilisation is
///   mfu = training_flops_per_token * tokens_per_second / peak FLOPs per second of the device,
/// with full attention in the reported value.
double training_flops_per_token(const model::ModelConfig& model, int64_t layers, int64_t sequence_length,
                                AttentionCost attention = AttentionCost::kFull);

/// What grows in a run: `tokens` are seen at `layers` layers.
struct StageTokens {
  int64_t layers;
  double tokens;
};
/// Training FLOPs of all stages.
double training_flops(const model::ModelConfig& model, std::span<const StageTokens> stages, int64_t sequence_length,
                      AttentionCost attention = AttentionCost::kFull);
/// Training FLOPs of the same tokens at full depth (model.num_hidden_layers) over those of the stages: the saving of
/// growing, 1 without growth.
double flops_ratio(const model::ModelConfig& model, std::span<const StageTokens> stages, int64_t sequence_length,
                   AttentionCost attention = AttentionCost::kFull);

/// What a training run of one process keeps in memory at a given depth.
struct MemorySetup {
  int64_t layers;
  int64_t micro_batch;  ///< sequences a forward pass
  int64_t sequence_length;
  bool bfloat16;  ///< compute type; master weights, moments and gradients are float32 in any case
  model::Recompute recompute = model::Recompute::kNone;
  bool on_cpu = true;
};

/// What a training process on the CPU has in memory beside its buffers: the program, LibTorch's libraries, the threads'
/// scratch. Measured: 131 to 138 MiB.
constexpr double kProgramBytes = 133.0 * (1 << 20);

/// Bytes by use.
struct MemoryEstimate {
  double weights;       ///< 4 bytes a parameter
  double moments;       ///< AdamW: 8 bytes a parameter
  double gradients;     ///< 4 bytes a parameter
  double compute_copy;  ///< bfloat16 copy, 2 bytes a parameter; 0 in float32
  double activations;   ///< activation_bytes
  double logits;        ///< logits_bytes
  double packed;        ///< packed_bytes
  double program;       ///< on the CPU, the program itself: kProgramBytes
  double total() const {
    return weights + moments + gradients + compute_copy + activations + logits + packed + program;
  }
};
MemoryEstimate training_memory(const model::ModelConfig& model, const MemorySetup& setup);

/// The buffers of model::TrainingStep but the logits: what the backward pass needs from the forward pass, and what both
/// work in. Per token, with s bytes in the compute type, hidden d, ffn f, H heads and kv = d * key-value heads / H, a
/// layer keeps
///   4 d (residual stream before it, float32)
///   + s * (d + 2 kv) (q, k, v) + s * d (attention output) + 4 H (log-sum-exp) + s * 2f (gate, up) + 4 * 2 (scales)
///   + 4 d (stream between its halves) + s * 2d (normed inputs) + s * f (activation);
/// with Recompute::kSelective the last line, with kFull the last two lines are there once for all layers. Besides, once
/// for all layers:
///   4 * 2d (the stream after the last layer, its gradient) + s * (2d) + 4 * 2 (final norm, a sublayer's output, scales
///   and losses of rows) + s * (4d + 2 kv + f) (gradients inside a layer).
double activation_bytes(const model::ModelConfig& model, const MemorySetup& setup);

/// Logits exist for some rows at a time (model/config/head_chunk.h), in the compute type; their gradient is made in
/// place.
double logits_bytes(const model::ModelConfig& model, const MemorySetup& setup);

/// Copies of matrices, packed for the products on the CPU: of the head's both for the forward and the backward pass, or
/// of a layer's largest where that is larger than one of them.
double packed_bytes(const model::ModelConfig& model, const MemorySetup& setup);

}  // namespace cambium::config
