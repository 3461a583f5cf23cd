#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cambium/config/run_config.h"
#include "cambium/data/mixture.h"
#include "cambium/model/llama.h"
#include "cambium/text/tokenizer.h"
#include "cambium/train/batch.h"
#include "cambium/train/device.h"
#include "cambium/train/state.h"
#include "cambium/train/trainer.h"

namespace cambium::train {

/// What stays the same during a run.
struct RunSetup {
  config::RunConfig config;  ///< with vocabulary and data paths resolved
  config::ResolvedSteps steps;
  data::Mixture mixture;
  std::optional<HeldOut> held_out;
  std::string tokenizer_json;  ///< "" where neither configuration nor data name one
  Device device;
  int64_t micro_batch;  ///< sequences
};

/// Opens data and tokenizer and checks that everything fits together. Throws InvalidInput.
RunSetup set_up(config::RunConfig config);

/// The model and the state that the run begins with, and what it begins from ("" from scratch).
struct Start {
  model::Llama model;
  TrainState state;
  std::string from;
};
Start start(const RunSetup& setup, const Resume& resume);

}  // namespace cambium::train
