#pragma once

#include "cambium/config/run_config.h"
#include "cambium/model/llama.h"

namespace cambium::train {

/// A model at the full depth of a run, in its precision, with random weights: to measure with.
model::Llama random_model(const config::RunConfig& config);

/// Training FLOPs per second (config/cost.h) that forward and backward reach here with the run's shapes at full depth,
/// on random tokens; takes a second or so.
double measure_training_flops(const config::RunConfig& config);

}  // namespace cambium::train
