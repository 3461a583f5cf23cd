#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "cambium/config/run_config.h"
#include "cambium/train/checkpoint.h"

namespace cambium::train {

/// The newest checkpoint under RUN/checkpoints that is whole: every file there, with the hash that its manifest states.
/// Newer ones that are not are passed over with a warning.
std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& run_directory);

/// Removes what a killed process left half-written or half-removed under RUN/checkpoints.
void remove_leftovers(const std::filesystem::path& run_directory);

/// Moves what an earlier run wrote into `previous-<n>`: starting anew loses nothing, and touches nothing else that lies
/// there.
void set_aside(const std::filesystem::path& run_directory);

/// Moves the checkpoints that lie past `start` (all of them without one) into `previous-<n>`: a run that goes on from
/// `start` must never be continued from them.
void set_aside_newer(const std::filesystem::path& run_directory, std::optional<CheckpointName> start);

/// Removes what the settings do not want: the newest `keep` ordinary ones stay, and those at growths where
/// `keep_growth`. The newest of all always stays. One that was written out of turn (between the steps that `every`
/// divides: at a stop, or when a full disk had room again) goes with the next one, so that a run leaves the same
/// checkpoints however often it was stopped.
void prune_checkpoints(const std::filesystem::path& run_directory, const config::CheckpointSection& settings,
                       const std::vector<int64_t>& growth_steps);

}  // namespace cambium::train
