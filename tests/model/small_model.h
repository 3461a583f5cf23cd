#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <vector>

#include "cambium/model/forward.h"
#include "cambium/model/llama.h"

namespace cambium::model {

/// Odd sizes throughout: 5 query heads of 12 on 5 or 1 key heads, a vocabulary of 101.
inline ModelConfig small_config(int64_t layers) {
  ModelConfig config;
  config.vocab_size = 101;
  config.hidden_size = 60;
  config.intermediate_size = 84;
  config.num_hidden_layers = layers;
  config.num_attention_heads = 5;
  config.num_key_value_heads = 1;
  config.max_position_embeddings = 128;
  config.rms_norm_eps = 1e-5;
  return config;
}

inline Parameters random_parameters(const ModelConfig& config, uint64_t seed) {
  Parameters parameters = Parameters::zeros(config, at::kFloat);
  initialize(config, parameters, 1.0 / std::sqrt(static_cast<double>(config.hidden_size)), seed);
  return parameters;
}

/// Initialised with std 1/sqrt(hidden), on one thread.
inline Llama small_model(const ModelConfig& config, Precision precision = Precision::kFloat32, uint64_t seed = 3) {
  at::set_num_threads(1);
  return {config, random_parameters(config, seed), precision};
}

/// [batch, seq] int32.
inline at::Tensor some_ids(int64_t batch, int64_t seq) {
  at::Tensor ids = at::empty({batch, seq}, at::kInt);
  for (int64_t i = 0; i < ids.numel(); ++i) {
    ids.mutable_data_ptr<int32_t>()[i] = static_cast<int32_t>((i * i * 31 + i * 7 + 5) % 101);
  }
  return ids;
}

/// [batch · seq, vocab] of one pass.
inline at::Tensor logits_of(Llama& model, const at::Tensor& ids, const std::vector<int>& order = {}) {
  Forward forward(model);
  return forward.logits(forward.hidden(ids, Forward::Options{.order = order}));
}

}  // namespace cambium::model
