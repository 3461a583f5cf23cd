#include "cambium/train/state.h"

#include <numeric>

namespace cambium::train {

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

}  // namespace cambium::train
