#include "cambium/train/state.h"

#include <cmath>
#include <limits>
#include <numeric>

namespace cambium::train {

void LossStatistics::add(double loss) {
  ++count;
  // Weights of a plain mean at first, of the exponential one later.
  const double weight = std::max(1.0 - kDecay, 1.0 / static_cast<double>(count));
  const double deviation = loss - mean;
  mean += weight * deviation;
  variance = (1 - weight) * (variance + weight * deviation * deviation);
}

bool LossStatistics::tell() const {
  constexpr int64_t kNeeded = 50;
  return count >= kNeeded && variance > 0;
}

double LossStatistics::z_score(double loss) const { return tell() ? (loss - mean) / std::sqrt(variance) : 0.0; }

double LossStatistics::loss_at(double z_score) const {
  return tell() ? mean + z_score * std::sqrt(variance) : std::numeric_limits<double>::infinity();
}

TrainState TrainState::fresh(const model::Llama& model, const dist::Partition& part) {
  TrainState state;
  state.part = part;
  const auto zeros = [&](const at::Tensor& block) {
    return at::zeros({part.of(block.numel()).length()}, model.options(at::kFloat));
  };
  for (model::Parameters* moments : {&state.exp_avg, &state.exp_avg_sq}) {
    moments->embedding = zeros(model.weights.embedding);
    for (const at::Tensor& layer : model.weights.layers) {
      moments->layers.push_back(zeros(layer));
    }
    moments->head = zeros(model.weights.head);
  }
  state.adam_steps.assign(static_cast<size_t>(model.num_layers() + 2), 0);
  state.lineage.resize(static_cast<size_t>(model.num_layers()));
  std::iota(state.lineage.begin(), state.lineage.end(), 0);
  return state;
}

std::vector<bool> trained_blocks(const TrainState& state) {
  const size_t layers = state.lineage.size();
  const GrowthRecord* last = state.growths.empty() ? nullptr : &state.growths.back();
  const bool frozen = last != nullptr && state.step - last->event.step < last->policy.freeze_steps;
  std::vector<bool> trained(layers + 2, !frozen);
  for (size_t i = 0; frozen && i < last->event.growth.sources.size(); ++i) {
    trained[static_cast<size_t>(last->event.growth.place(i)) + 1] = true;
  }
  return trained;
}

double rewarmup_factor(const TrainState& state) {
  if (state.growths.empty()) {
    return 1;
  }
  const auto& [event, policy] = state.growths.back();
  const int64_t since = state.step - event.step;
  return since < policy.rewarmup_steps ? static_cast<double>(since + 1) / static_cast<double>(policy.rewarmup_steps)
                                       : 1.0;
}

}  // namespace cambium::train
