#pragma once

#include <cstdint>

#include "cambium/config/origins.h"
#include "cambium/config/run_config.h"

namespace cambium::config {

/// Throws InvalidInput, naming keys and lines, for values that do not go together.
void check(const RunConfig& config, const Origins& origins);

/// `resolve_steps` with messages that name lines. Also checks that every step has a data source, where there are any.
ResolvedSteps resolve_steps(const RunConfig& config, int64_t epoch_tokens, const Origins& origins);

/// Warm-up of a run that names none: short runs shall not need a key for it.
int64_t default_warmup(int64_t total_steps);

/// Layers that the run starts with.
int start_layers(const RunConfig& config);

/// True where some size is written in epochs, so that the steps are not known without the data.
bool needs_epochs(const RunConfig& config);

}  // namespace cambium::config
