#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "cambium/config/run_config.h"
#include "cambium/model/training_step.h"
#include "cambium/train/state.h"

namespace cambium::bench {

/// A model at the full depth of a configuration that trains on one random batch as the trainer does: forward and
/// backward of every micro-batch, the gradient's norm, clipping, AdamW. No data, no log, no checkpoints.
class Trainee {
 public:
  explicit Trainee(const config::RunConfig& config);

  /// One step, told to `clock` op by op where there is one; gives the mean loss of the batch before its update, in
  /// nats.
  double step(model::StepClock* clock = nullptr);

  /// A stretch of whole steps that took `seconds` or a little more.
  struct Lap {
    int64_t steps;
    double seconds;
    double tokens_per_second;
    double cpu_share;  ///< Stopwatch::cpu_share
  };
  Lap lap(double seconds);

  int64_t batch_tokens() const { return config.train.batch_tokens; }
  int64_t micro_batches() const { return ids.size(0) / micro_batch; }

  config::RunConfig config;
  int64_t micro_batch;  ///< sequences
  model::Llama model;
  train::TrainState state;
  model::Parameters gradients;
  at::Tensor ids, targets;  ///< [sequences of a batch, seq] int32

 private:
  model::TrainingStep step_;
};

}  // namespace cambium::bench
