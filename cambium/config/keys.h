#pragma once

#include <vector>

#include "cambium/config/key.h"

namespace cambium::config {

/// All keys of a run, section by section, in the order in which they are printed.
const std::vector<Key<RunConfig>>& run_keys();
/// The keys of a `[[data.source]]`.
const std::vector<Key<DataSource>>& source_keys();
/// The keys of the table `model.rope_scaling`.
const std::vector<Key<model::Llama3Rope>>& rope_keys();

}  // namespace cambium::config
