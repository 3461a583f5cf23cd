#pragma once

#include "cambium/config/run_config.h"
#include "cambium/model/training_step.h"

namespace cambium::train {

/// How a run's settings have a micro-batch computed.
inline model::TrainingStep::Options step_options(const config::TrainSection& settings,
                                                 std::optional<int64_t> document_end = {}) {
  return {.batch = settings.micro_batch_sequences(),
          .seq = settings.sequence_length,
          .z_loss = settings.z_loss,
          .recompute = settings.recompute_mode(),
          .document_end = document_end};
}

}  // namespace cambium::train
