#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cambium/dist/partition.h"
#include "cambium/model/llama.h"
#include "cambium/train/branch.h"
#include "cambium/train/events.h"

namespace cambium::train {

/// Running mean and variance of the loss, for the spike guard (exponential, decay kDecay a step).
struct LossStatistics {
  static constexpr double kDecay = 0.98;
  double mean = 0, variance = 0;
  int64_t count = 0;

  void add(double loss);
  /// Standard deviations above the mean; 0 while fewer than 50 losses were seen.
  double z_score(double loss) const;
  /// The loss with that z-score; infinite while there is none.
  double loss_at(double z_score) const;

 private:
  bool tell() const;  ///< enough losses were seen, and they differ
};

/// Everything about a run that changes from step to step, but the weights. What a checkpoint holds is this struct, the
/// weights and nothing else: batches, learning rate and growth are functions of `step` and the configuration.
struct TrainState {
  int64_t step = 0;                       ///< steps done
  int64_t tokens = 0;                     ///< target tokens seen
  dist::Partition part;                   ///< which part of every block's moments lies here
  model::Parameters exp_avg, exp_avg_sq;  ///< AdamW's moments: of each block, its part
  std::vector<int64_t> adam_steps;        ///< updates of each block: embedding, layers, head (bias correction)
  std::vector<GrowthRecord> growths;      ///< in the order in which they happened
  std::vector<growth::SymmetrizeEvent> symmetrized;  ///< likewise
  std::optional<Branch> branch;                      ///< what this run was branched from
  std::vector<int> lineage;  ///< of each layer: the initial layer it descends from; kNoSource: none
  LossStatistics losses;
  int64_t skipped_in_a_row = 0;  ///< steps whose update was not applied, up to now

  static TrainState fresh(const model::Llama& model, const dist::Partition& part = {});
};

/// Which blocks (embedding, layers, head) the next step updates: all of them, or the new layers alone while a growth's
/// freeze_steps last.
std::vector<bool> trained_blocks(const TrainState& state);

/// What the last growth leaves of the next step's learning rate (Policy::rewarmup_steps).
double rewarmup_factor(const TrainState& state);

}  // namespace cambium::train
