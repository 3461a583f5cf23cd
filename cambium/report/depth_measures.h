#pragma once

#include <optional>

#include "cambium/report/measure.h"

namespace cambium::report {

/// Single numbers out of the analyses of one run; nothing where it lacks the analysis, or the layers or blocks to see
/// anything.

/// depth-score's layer_mean: the layer, counted from 0, at which the effects of skipping on later tokens balance.
std::optional<Value> depth_score(const Run& run);
/// Nats a token that removing one layer of the second half costs, mean over these layers.
std::optional<Value> late_layer_loss(const Run& run);
/// Share of tokens whose most likely successor is already that of the output after half of the layers: through the
/// tuned lens where there is one, else through the logit lens.
std::optional<Value> settled_at_half(const Run& run);
/// Nats a token that exchanging two neighbouring blocks costs, mean over the pairs without the first and last block.
std::optional<Value> block_swap_loss(const Run& run);
/// Asymmetry of the similarity of blocks' weights about the centre (weight-similarity's asymmetry_blocks_all).
std::optional<Value> weight_asymmetry(const Run& run);
/// Cosine of attention's output and the stream at the first layer of a block, mean over the blocks behind the first.
std::optional<Value> block_start_cosine(const Run& run, int block_size);

}  // namespace cambium::report
