#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cambium/config/run_config.h"
#include "cambium/data/mixture.h"
#include "cambium/data/rank_slice.h"
#include "cambium/dist/partition.h"
#include "cambium/model/llama.h"
#include "cambium/text/tokenizer.h"
#include "cambium/train/batch.h"
#include "cambium/train/device.h"
#include "cambium/train/state.h"
#include "cambium/train/trainer.h"

namespace cambium::train {

/// What a run goes on from: a checkpoint of its own, or that of another run which it branches from.
struct Past {
  std::optional<std::filesystem::path> checkpoint;  ///< of this run
  std::optional<Branch> branch;                     ///< of the run, now or when it began
  std::optional<config::BranchPoint> point;         ///< the same for the plan
};

/// The checkpoint of the run that `resume` leads to; nothing where it starts anew. Throws InvalidInput for one that is
/// damaged or not there.
std::optional<std::filesystem::path> checkpoint_to_resume(const std::filesystem::path& run_directory,
                                                          const Resume& resume);

/// Reads what that checkpoint and `run.branch_from` lead to. Throws InvalidInput as well.
Past past_of(const config::RunConfig& config, const std::optional<std::filesystem::path>& checkpoint);

/// The tokenizer that goes into checkpoints: the configured one, else the one that lies in the first source's data.
std::optional<text::Tokenizer> open_tokenizer(const config::DataSection& settings);

/// What stays the same during a run.
struct RunSetup {
  config::RunConfig config;  ///< with vocabulary and data paths resolved
  config::ResolvedSteps steps;
  data::Mixture mixture;
  std::optional<HeldOut> held_out;
  std::string tokenizer_json;  ///< "" where neither configuration nor data name one
  Device device;
  data::Slice sequences;  ///< of every batch: this rank's
  int64_t micro_batch;    ///< of them, in a forward pass of this rank
  dist::Partition part;   ///< of the optimizer's state that lies here
};

/// Opens data and tokenizer and checks that everything fits together, for one of several ranks. Throws InvalidInput.
RunSetup set_up(config::RunConfig config, const Past& past, const dist::Partition& place);

/// The indices that LN-Scaling follows in a model of `layers` layers with `growths` growths of the run behind it: those
/// of the final depth (growth.scaling_index = "final"), or empty where they are its own.
std::vector<int64_t> norm_positions(const config::RunConfig& config, const config::ResolvedSteps& steps, size_t growths,
                                    int64_t layers);

/// The model and the state that the run begins with, and what it begins from ("" from scratch).
struct Start {
  model::Llama model;
  TrainState state;
  std::string from;
};
Start start(const RunSetup& setup, const Past& past);
/// Moves aside what lies in the run's directory but is not what the run goes on from.
void tidy(const RunSetup& setup, const Start& start, const Resume& resume);

}  // namespace cambium::train
