#pragma once

#include <filesystem>
#include <vector>

#include "cambium/config/run_config.h"
#include "cambium/dist/agreement.h"
#include "cambium/dist/engine.h"
#include "cambium/dist/environment.h"
#include "cambium/dist/group.h"
#include "cambium/train/setup.h"

namespace cambium::train {

/// One process a GPU: the others' are hidden from this one.
void take_own_gpu(const config::RunSection& run, const dist::Environment& environment);

/// Gloo on the CPU, NCCL on GPUs.
dist::Engine engine_for(const config::RunSection& run, const dist::Environment& environment);

/// What all ranks must have in common before anything is read or written.
std::vector<dist::Fact> program_and_configuration(const config::RunConfig& config);

/// What they must have found alike.
std::vector<dist::Fact> data_and_start(const RunSetup& setup, const Start& start);

/// The ranks share one directory: on several machines, one file system. Throws InvalidInput where one does not see it.
void check_shared(const std::filesystem::path& run_directory, dist::Group& group);

}  // namespace cambium::train
