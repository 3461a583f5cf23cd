#pragma once

#include "cambium/dist/partition.h"
#include "cambium/model/llama.h"
#include "cambium/train/record/record.h"

namespace cambium::train {

/// Everything about a run that changes from step to step, but the weights. What a checkpoint holds is this struct, the
/// weights and nothing else: batches, learning rate and growth are functions of `step` and the configuration.
struct TrainState : TrainRecord {
  dist::Partition part;                   ///< which part of every block's moments lies here
  model::Parameters exp_avg, exp_avg_sq;  ///< AdamW's moments: of each block, its part

  static TrainState fresh(const model::Llama& model, const dist::Partition& part = {});
};

}  // namespace cambium::train
