#include "cambium/config/cost.h"

#include <algorithm>

#include "cambium/model/config/head_chunk.h"

namespace cambium::config {
namespace {

double number(int64_t count) { return static_cast<double>(count); }

/// All weights at `layers` layers.
double parameters_at(const model::ModelConfig& model, int64_t layers) {
  model::ModelConfig at = model;
  at.num_hidden_layers = layers;
  return number(at.parameters());
}

/// Of an entry in the compute type.
double compute_bytes(const MemorySetup& setup) { return setup.bfloat16 ? 2 : 4; }

}  // namespace

double layer_forward_flops(const model::ModelConfig& model, int64_t sequence_length, AttentionCost attention) {
  const double scores = attention == AttentionCost::kFull ? 4 : 2;
  return 2 * number(model.layer_matmul_parameters()) + scores * number(sequence_length) * number(model.hidden_size);
}

double head_forward_flops(const model::ModelConfig& model) {
  return 2 * number(model.vocab_size) * number(model.hidden_size);
}

double training_flops_per_token(const model::ModelConfig& model, int64_t layers, int64_t sequence_length,
                                AttentionCost attention) {
  return 3 * (number(model.places(layers)) * layer_forward_flops(model, sequence_length, attention) +
              head_forward_flops(model));
}

double training_flops(const model::ModelConfig& model, std::span<const StageTokens> stages, int64_t sequence_length,
                      AttentionCost attention) {
  double flops = 0;
  for (const StageTokens& stage : stages) {
    flops += stage.tokens * training_flops_per_token(model, stage.layers, sequence_length, attention);
  }
  return flops;
}

double flops_ratio(const model::ModelConfig& model, std::span<const StageTokens> stages, int64_t sequence_length,
                   AttentionCost attention) {
  double tokens = 0;
  for (const StageTokens& stage : stages) {
    tokens += stage.tokens;
  }
  const double full = tokens * training_flops_per_token(model, model.num_hidden_layers, sequence_length, attention);
  const double planned = training_flops(model, stages, sequence_length, attention);
  return planned > 0 ? full / planned : 1;
}

double activation_bytes(const model::ModelConfig& model, const MemorySetup& setup) {
  const double s = compute_bytes(setup);
  const double d = number(model.hidden_size);
  const double f = number(model.intermediate_size);
  const double heads = number(model.num_attention_heads);
  const double kv = d * number(model.num_key_value_heads) / heads;
  const double input = 4 * d;
  const double kept = s * (d + 2 * kv) + s * d + 4 * heads + s * 2 * f + 4 * 2;
  const double cheap = 4 * d + s * 2 * d + s * f;
  const double shared = 4 * 2 * d + s * 2 * d + 4 * 2 + s * (4 * d + 2 * kv + f);
  const double layers = number(model.places(setup.layers));
  const double keeping = setup.recompute == model::Recompute::kFull ? 1 : layers;
  const double keeping_cheap = setup.recompute == model::Recompute::kNone ? layers : 1;
  const double per_token = layers * input + keeping * kept + keeping_cheap * cheap + shared;
  return per_token * number(setup.micro_batch) * number(setup.sequence_length);
}

double logits_bytes(const model::ModelConfig& model, const MemorySetup& setup) {
  if (model.vocab_size == 0) {
    return 0;  // not known yet
  }
  const int64_t rows = model::head_chunk_rows(model, setup.micro_batch * setup.sequence_length, setup.on_cpu);
  return compute_bytes(setup) * number(model.vocab_size) * number(rows);
}

double packed_bytes(const model::ModelConfig& model, const MemorySetup& setup) {
  const int64_t head = model.vocab_size, largest = 2 * model.intermediate_size;
  return setup.on_cpu ? compute_bytes(setup) * number(model.hidden_size) * number(head + std::max(head, largest)) : 0;
}

MemoryEstimate training_memory(const model::ModelConfig& model, const MemorySetup& setup) {
  const double parameters = parameters_at(model, setup.layers);
  MemoryEstimate memory{};
  memory.weights = 4 * parameters;
  memory.moments = 8 * parameters;
  memory.gradients = 4 * parameters;
  memory.compute_copy = setup.bfloat16 ? 2 * parameters : 0;
  memory.activations = activation_bytes(model, setup);
  memory.logits = logits_bytes(model, setup);
  memory.packed = packed_bytes(model, setup);
  memory.program = setup.on_cpu ? kProgramBytes : 0;
  return memory;
}

}  // namespace cambium::config
