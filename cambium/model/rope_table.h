#pragma once

#include "cambium/model/config/model_config.h"
#include "cambium/ops/rope.h"

namespace cambium::model {

/// Cosines and sines of positions 0 … positions - 1, in float32 as transformers computes them: inverse frequencies
/// theta^(-2 i / head_dim), changed by llama3 scaling where the configuration has it.
ops::RopeTable rope_table(const ModelConfig& config, int64_t positions, at::Device device = at::kCPU);

}  // namespace cambium::model
