#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "cambium/model/forward.h"

namespace cambium::model {

/// Log-probability in nats of every id given those before it; entry i belongs to ids[i + 1] (ids.size() - 1 entries).
using LogProbs = std::vector<float>;

/// Scores sequences of ids independently of each other, in batches of similar length (at most `batch_tokens` padded
/// tokens; a longer sequence runs alone). Results in the order of the sequences. `scored(n)` hears how many are done.
std::vector<LogProbs> score_sequences(Llama& model, Forward& forward, std::span<const std::vector<int32_t>> sequences,
                                      int64_t batch_tokens, const std::function<void(int64_t)>& scored);

}  // namespace cambium::model
