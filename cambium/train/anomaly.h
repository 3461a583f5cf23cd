#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cambium/model/llama.h"
#include "cambium/train/batch.h"

namespace cambium::train {

/// The first tensor of a step that holds a NaN or an infinity, in the order in which a step makes them: the weights,
/// then of each micro-batch the embedding, what the attention and the MLP of each layer put out, the stream behind it,
/// the logits; at last the gradients from the head down to the embedding. Computes the forward passes again. Nothing
/// where all is finite.
std::optional<std::string> find_anomaly(model::Llama& model, const std::vector<Batch>& micro_batches,
                                        const model::Parameters& gradients);

/// Of the weights alone.
std::optional<std::string> find_anomaly(const model::ModelConfig& config, const model::Parameters& weights);

}  // namespace cambium::train
