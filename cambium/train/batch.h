#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "cambium/data/mixture.h"
#include "cambium/dist/group.h"
#include "cambium/model/training_step.h"

namespace cambium::train {

/// Inputs and targets of some sequences, [batch, seq] int32 each; target -1: none.
struct Batch {
  at::Tensor ids, targets;
  int64_t target_tokens;
};

/// Sequences [begin, end) of the batch of a step, and behind them rows without targets up to `rows`.
Batch read_batch(const data::Mixture& mixture, const std::vector<data::WindowRef>& windows, int64_t begin, int64_t end,
                 int64_t rows);

/// Held-out text: consecutive windows from the start of a stream.
class HeldOut {
 public:
  /// At most `max_tokens` of each dataset. Throws InvalidInput where one has not a single window.
  HeldOut(std::vector<data::TokenDataset> datasets, int64_t seq, int64_t max_tokens);
  /// Mean loss in nats over all target tokens, in micro-batches of `batch` sequences, shared over the ranks.
  double loss(model::TrainingStep& step, int64_t batch, dist::Group& group) const;

 private:
  std::vector<std::vector<int32_t>> windows_;  ///< seq + 1 tokens each
  int64_t seq_;
};

}  // namespace cambium::train
