#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cambium/train/record/branch.h"
#include "cambium/train/record/events.h"
#include "cambium/train/record/loss_statistics.h"

namespace cambium::train {

/// Everything about a run that changes from step to step, but tensors: what trainer.json holds.
struct TrainRecord {
  int64_t step = 0;                   ///< steps done
  int64_t tokens = 0;                 ///< target tokens seen
  std::vector<int64_t> adam_steps;    ///< updates of each block: embedding, layers, head (bias correction)
  std::vector<GrowthRecord> growths;  ///< in the order in which they happened
  std::vector<growth::SymmetrizeEvent> symmetrized;  ///< likewise
  std::optional<Branch> branch;                      ///< what this run was branched from
  std::vector<int> lineage;  ///< of each layer: the initial layer it descends from; kNoSource: none
  LossStatistics losses;
  int64_t skipped_in_a_row = 0;  ///< steps whose update was not applied, up to now
};

/// Which blocks (embedding, layers, head) the next step updates: all of them, or the new layers alone while a growth's
/// freeze_steps last.
std::vector<bool> trained_blocks(const TrainRecord& record);

/// What the last growth leaves of the next step's learning rate (Policy::rewarmup_steps).
double rewarmup_factor(const TrainRecord& record);

}  // namespace cambium::train
