#pragma once

#include <filesystem>
#include <string>

#include "cambium/model/llama.h"

/// The model directory that a MODEL argument means: itself, or the newest complete checkpoint of a run's directory,
/// which is then named on stderr. Throws InvalidInput where there is neither, and for a checkpoint that is not complete
/// or not as it was written.
std::filesystem::path open_model_directory(const std::filesystem::path& path);

/// Reads a model to compute with. `order` is a layer order as a user writes it (model/config/layer_order.h); "" leaves
/// the model's own.
cambium::model::Llama load_model(const std::filesystem::path& directory, const std::string& precision,
                                 const std::string& order);

/// The same as a model of its own, whose layers stand in that order and as often: for what looks at single layers.
cambium::model::Llama load_arranged_model(const std::filesystem::path& directory, const std::string& precision,
                                          const std::string& order);

/// What `--order` does, for the help of every command that has it.
constexpr const char* kOrderHelp =
    "Layers in the order in which they run, for example 0-3,4-7x2,8-11 (4 to 7 twice); left out, rearranged or "
    "repeated";

/// Does a checkpoint's training state lie there, not just a model?
bool is_checkpoint(const std::filesystem::path& directory);

/// A run's directory: a folder with checkpoints/ and without a model of its own.
bool is_run(const std::filesystem::path& directory);
