#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cambium/dist/group.h"
#include "cambium/formats/safetensors.h"
#include "cambium/model/llama.h"
#include "cambium/train/record/trainer_file.h"
#include "cambium/train/state.h"

namespace cambium::train {

/// "step-00008095", or "step-00008095-grown".
std::string checkpoint_name(int64_t step, bool grown);

/// What a checkpoint's name says, in the order in which a run writes them: "-grown" behind the same step without it.
struct CheckpointName {
  int64_t step;
  bool grown;
  auto operator<=>(const CheckpointName&) const = default;
};
/// The inverse of `checkpoint_name`; nothing for other names.
std::optional<CheckpointName> parse_checkpoint_name(const std::string& name);

/// Writes a checkpoint directory (interface section 2): staged, flushed, renamed. An existing one of that name is
/// replaced. Throws DiskFull, on all ranks, where one finds no room. All ranks of the group write their parts of the
/// moments side by side into one file, the first one the rest: what is written does not depend on how many there are.
void save_checkpoint(const std::filesystem::path& directory, const model::Llama& model, const TrainState& state,
                     const std::vector<DataPosition>& position, uint64_t seed, const std::string& tokenizer_json,
                     dist::Group& group);

/// Where a checkpoint's weights and state are read.
struct Checkpoint {
  model::ModelConfig config;
  model::Parameters weights;
  TrainState state;
  std::vector<DataPosition> position;
  uint64_t seed = 0;
};
/// Reads a checkpoint whose manifest was checked (manifest.h), of the moments that part alone. Throws InvalidInput that
/// names the file.
Checkpoint load_checkpoint(const std::filesystem::path& directory, const dist::Partition& part = {});

/// Does the directory hold optimizer state?
bool has_optimizer(const std::filesystem::path& directory);

/// Writes what goes with a model's files: trainer.json and optimizer.safetensors (of a state that is whole).
void write_training_files(const std::filesystem::path& directory, const model::ModelConfig& config,
                          const TrainState& state, const std::vector<DataPosition>& position, uint64_t seed);

/// Complete checkpoints (valid manifest by names and sizes) under RUN/checkpoints, oldest first. Incomplete ones are
/// passed over.
std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& run_directory);

}  // namespace cambium::train
