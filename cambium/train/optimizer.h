#pragma once

#include <limits>
#include <vector>

#include "cambium/config/run_config.h"
#include "cambium/dist/partition.h"
#include "cambium/model/llama.h"
#include "cambium/train/state.h"

namespace cambium::train {

/// What a step has come to, found on the model's device; nobody has waited for it yet.
struct Verdict {
  at::Tensor numbers;  ///< [4] float64: mean loss, gradient norm, 1 where the update is to be applied, ranks to stop
  at::Tensor guard;    ///< [2] float32, for ops::adamw: factor of the gradients, the same 1 or 0
};

struct Limits {
  double clip_norm;  ///< 0: no clipping
  double highest_loss = std::numeric_limits<double>::infinity();
};

/// Blocks (embedding, layers, head) that a step updates (state.h: trained_blocks); the others are left as they are.
/// Empty: all.
using Trained = std::vector<bool>;

/// Σ gradient² over the parts of the trained blocks that `part` names: one float64 on the gradients' device.
at::Tensor sum_of_squares(const model::Parameters& gradients, const Trained& trained = {},
                          const dist::Partition& part = {});

/// What a step comes to, summed over its micro-batches and ranks: one float64 each.
struct StepSums {
  at::Tensor loss;     ///< Σ loss
  at::Tensor squares;  ///< Σ gradient²
  at::Tensor stop;     ///< ranks that were asked to stop
};

/// Judges the gradients of `target_tokens` tokens : their global L2 norm over the trained blocks, before clipping; the
/// factor by which torch.nn.utils.clip_grad_norm_ scales them, min(1, clip / (norm + 1e-6)); and whether to use them at
/// all: loss and norm are finite, the loss is not above the highest.
Verdict judge(const StepSums& sums, int64_t target_tokens, const Limits& limits);
/// The same in one process that is not asked to stop.
Verdict judge(const at::Tensor& loss_sum, int64_t target_tokens, const model::Parameters& gradients,
              const Limits& limits, const Trained& trained = {});

/// One AdamW update of the state's part of every trained block where the verdict applies it, with decay on all
/// parameters or on matrices only (train.decay). The state's step counters move with settle().
void update(model::Llama& model, const TrainState& state, const model::Parameters& gradients,
            const config::TrainSection& settings, double learning_rate, const Verdict& verdict,
            const Trained& trained = {});

struct StepOutcome {
  double loss;       ///< mean over the tokens, nats
  double grad_norm;  ///< before clipping
  bool applied;
  bool stop = false;  ///< a rank was asked to stop
};
/// Waits for the verdict, and counts an update that was applied.
StepOutcome settle(const Verdict& verdict, TrainState& state, const Trained& trained = {});

}  // namespace cambium::train
