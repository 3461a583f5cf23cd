#pragma once

#include <cstdint>

#include "cambium/data/mixture.h"

namespace cambium::bench {

/// What a consumer of batches has to wait.
struct Feeding {
  int64_t steps = 0, tokens = 0;
  double seconds = 0;
  double waited = 0;   ///< seconds of them
  double slowest = 0;  ///< seconds, the longest wait of a step behind the first
};

/// Reads steps of `mixture` in micro-batches, as training does, for about `seconds`; the consumer takes
/// `tokens_per_second` at most (0: whatever comes) and does nothing with them. The wait for the first batch counts.
Feeding measure_feeding(const data::Mixture& mixture, int64_t micro_batch, double tokens_per_second, double seconds);

}  // namespace cambium::bench
