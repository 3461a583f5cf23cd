#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "cambium/model/llama.h"
#include "cambium/train/state.h"
#include "tests/support/folder.h"

namespace cambium::train {

inline model::ModelConfig tiny_config(int64_t layers = 4) {
  model::ModelConfig config;
  config.vocab_size = 10;
  config.hidden_size = 8;
  config.intermediate_size = 12;
  config.num_hidden_layers = layers;
  config.num_attention_heads = 2;
  config.num_key_value_heads = 1;
  return config;
}

inline model::Llama tiny_model(int64_t layers = 4) {
  const model::ModelConfig config = tiny_config(layers);
  model::Parameters weights = model::Parameters::zeros(config, at::kFloat);
  model::initialize(config, weights, 0.3, /*seed=*/7);
  return model::Llama(config, std::move(weights), model::Precision::kFloat32);
}

/// A state in which every number differs from its default.
inline TrainState tiny_state(const model::Llama& model) {
  TrainState state = TrainState::fresh(model);
  state.step = 12;
  state.tokens = 3456;
  model::initialize(model.config, state.exp_avg, 0.1, /*seed=*/8);
  model::initialize(model.config, state.exp_avg_sq, 0.2, /*seed=*/9);
  for (size_t i = 0; i < state.adam_steps.size(); ++i) {
    state.adam_steps[i] = 10 + static_cast<int64_t>(i);
  }
  state.losses.add(2.5);
  state.losses.add(1.0 / 3.0);
  state.skipped_in_a_row = 2;
  return state;
}

inline bool same(const model::Parameters& a, const model::Parameters& b) {
  const auto left = a.blocks(), right = b.blocks();
  for (size_t i = 0; i < left.size() && left.size() == right.size(); ++i) {
    if (!at::equal(left[i], right[i])) {
      return false;
    }
  }
  return left.size() == right.size();
}

}  // namespace cambium::train
