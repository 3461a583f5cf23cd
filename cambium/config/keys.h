#pragma once

#include <vector>

#include "cambium/config/key.h"

namespace cambium::config {

/// All keys of a run, section by section, in the order in which they are printed.
const std::vector<Key<RunConfig>>& run_keys();
/// The keys of a `[[data.source]]`.
const std::vector<Key<DataSource>>& source_keys();
/// The keys of a `[[growth.event]]`.
const std::vector<Key<growth::ExplicitGrowth>>& event_keys();
/// The keys of the table `model.rope_scaling`.
const std::vector<Key<model::Llama3Rope>>& rope_keys();

/// model.loop as it is written: layers = [first, behind the last].
struct LoopTable {
  std::vector<int64_t> layers;
  int64_t times = 2;
};
const std::vector<Key<LoopTable>>& loop_keys();
/// The keys of the table `growth.symmetrize`.
const std::vector<Key<SymmetrizePlan>>& symmetrize_keys();

}  // namespace cambium::config
