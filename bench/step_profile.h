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

/// Training steps with a clock around each op (model/step_clock.h): the fastest of at least three, and of as many as go
/// into `seconds`.
StepProfile profile_step(Trainee& trainee, double seconds);

}  // namespace cambium::bench
