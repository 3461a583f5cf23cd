#pragma once

#include "cambium/config/run_config.h"
#include "cambium/model/llama.h"
#include "cambium/train/state.h"

namespace cambium::train {

/// Global L2 norm of all gradients, before clipping.
double gradient_norm(const model::Parameters& gradients);

/// The factor by which torch.nn.utils.clip_grad_norm_ scales gradients: min(1, clip / (norm + 1e-6)); 1 for clip = 0.
double clip_scale(double norm, double clip_norm);

/// One AdamW update of every block, with decay on all parameters or on matrices only (train.decay).
void update(model::Llama& model, TrainState& state, const model::Parameters& gradients,
            const config::TrainSection& settings, double learning_rate, double grad_scale);

}  // namespace cambium::train
