#pragma once

#include <cstdint>
#include <string>

#include "cambium/model/parameters.h"

/// What makes a layer new, beside copying: on one layer's flat float32 buffer, wherever it lies.
namespace cambium::model {

/// Matrices normal(0, std), norms one. `name` separates the draws of different layers from one seed.
void draw_layer(const ModelConfig& config, at::Tensor& layer, double std, uint64_t seed, const std::string& name);

/// Multiplies what the layer adds to the residual stream: o_proj and down_proj. 0 makes it add nothing.
void scale_outputs(const ModelConfig& config, at::Tensor& layer, double factor);

/// W += noise * rms(W) * normal(0, 1) for each matrix W.
void add_noise(const ModelConfig& config, at::Tensor& layer, double noise, uint64_t seed, const std::string& name);

}  // namespace cambium::model
