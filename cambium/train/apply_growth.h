#pragma once

#include "cambium/train/state.h"

namespace cambium::train {

/// Applies a growth to weights and state: the new layers made from their sources, with the moments that the policy
/// says, the compute copy made again, lineage and log extended.
void grow(model::Llama& model, TrainState& state, const GrowthRecord& record);
/// The same where nothing is computed with the weights. `config` is that of the grown model.
void grow(const model::ModelConfig& config, model::Parameters& weights, TrainState& state, const GrowthRecord& record);
/// The weights alone.
void grow(const model::ModelConfig& config, model::Parameters& weights, const GrowthRecord& record);

/// Moves paired blocks towards each other (growth/symmetry.h); strength 0 changes no bit.
void symmetrize(const model::ModelConfig& config, model::Parameters& weights, const growth::SymmetrizeEvent& event);
/// The same with the moments, and with the state's log.
void symmetrize(const model::ModelConfig& config, model::Parameters& weights, TrainState& state,
                const growth::SymmetrizeEvent& event);

}  // namespace cambium::train
