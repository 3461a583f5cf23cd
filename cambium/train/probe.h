#pragma once

#include "cambium/config/run_config.h"

namespace cambium::train {

/// Training FLOPs per second (config/cost.h) that forward and backward reach here with the run's shapes at full depth,
/// on random tokens; takes a second or so.
double measure_training_flops(const config::RunConfig& config);

}  // namespace cambium::train
