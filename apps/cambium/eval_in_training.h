#pragma once

#include "cambium/config/run_config.h"
#include "cambium/train/trainer.h"

/// Asks a model in training the tasks of [eval]; nothing where it names none. Reads their data, and throws InvalidInput
/// for what is broken or missing.
cambium::train::Evaluate eval_in_training(const cambium::config::RunConfig& config);
