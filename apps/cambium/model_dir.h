#pragma once

#include <filesystem>

/// The model directory that a MODEL argument means: itself, or the newest complete checkpoint of a run's directory,
/// which is then named on stderr. Throws InvalidInput where there is neither, and for a checkpoint that is not complete
/// or not as it was written.
std::filesystem::path open_model_directory(const std::filesystem::path& path);

/// Does a checkpoint's training state lie there, not just a model?
bool is_checkpoint(const std::filesystem::path& directory);

/// A run's directory: a folder with checkpoints/ and without a model of its own.
bool is_run(const std::filesystem::path& directory);
