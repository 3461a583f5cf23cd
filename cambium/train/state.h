#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cambium/formats/json.h"
#include "cambium/growth/schedule.h"
#include "cambium/model/llama.h"

namespace cambium::train {

/// A growth that happened: the plan, and what was applied.
struct GrowthRecord {
  growth::GrowthEvent event;
  std::string moments;  ///< copy | zero
};

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
  model::Parameters exp_avg, exp_avg_sq;  ///< AdamW's moments
  std::vector<int64_t> adam_steps;        ///< updates of each block: embedding, layers, head (bias correction)
  std::vector<GrowthRecord> growths;      ///< in the order in which they happened
  std::vector<int> lineage;               ///< of each layer: the initial layer it descends from
  LossStatistics losses;
  int64_t skipped_in_a_row = 0;  ///< steps whose update was not applied, up to now

  static TrainState fresh(const model::Llama& model);
};

/// Applies a growth to weights and state: copies of the source layers with their moments (or zero moments), the compute
/// copy made again, lineage and log extended.
void grow(model::Llama& model, TrainState& state, const growth::GrowthEvent& event, const std::string& moments);
/// The same where nothing is computed with the weights.
void grow(model::Parameters& weights, TrainState& state, const growth::GrowthEvent& event, const std::string& moments);

formats::Json to_json(const GrowthRecord& record);
GrowthRecord growth_record_from_json(const formats::Json& json, const std::string& what);

}  // namespace cambium::train
