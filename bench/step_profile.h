#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/trainee.h"

namespace cambium::bench {

/// One op's part of a training step: all its calls together.
struct OpTime {
  std::string op;
  int64_t calls = 0;
  double seconds = 0;
};

struct StepProfile {
  std::vector<OpTime> ops;  ///< in the order in which a step comes to them
  double seconds = 0;       ///< their sum
};

/// The training step once more, op by op, with a clock around each: the trainer's step is the same ops in the same
/// order over buffers of the same size (model/training_step.h, model/layer.h). The fastest of at least three steps, and
/// of as many as go into `seconds`. Throws Error where its loss is not the trainer's: then the two have drifted apart.
StepProfile profile_step(Trainee& trainee, double seconds);

}  // namespace cambium::bench
