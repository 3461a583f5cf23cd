#include "cambium/train/probe.h"

#include <algorithm>
#include <chrono>

#include "cambium/config/cost.h"
#include "cambium/model/training_step.h"
#include "cambium/train/device.h"

namespace cambium::train {

model::Llama random_model(const config::RunConfig& config) {
  const model::ModelConfig& shape = config.model.architecture;
  const Device device(config.run);
  model::Parameters weights = model::Parameters::zeros(shape, at::kFloat);
  model::initialize(shape, weights, 0.02, config.run.seed);
  return {shape, weights.to(device.where), device.precision};
}

double measure_training_flops(const config::RunConfig& config) {
  constexpr int kTries = 12;
  const model::ModelConfig& shape = config.model.architecture;
  const int64_t seq = config.train.sequence_length;
  const int64_t batch = config.train.micro_batch_sequences();
  model::Llama model = random_model(config);
  model::Parameters gradients = model::Parameters::zeros(shape, model.options(at::kFloat));
  model::TrainingStep step(model, {.batch = batch, .seq = seq});
  const at::Tensor ids = at::randint(shape.vocab_size, {batch, seq}, at::kInt);
  double best = 0;
  for (int i = 0; i < kTries; ++i) {  // the first one also touches fresh memory
    const auto begin = std::chrono::steady_clock::now();
    step.forward_backward(ids, ids, 1.0 / static_cast<double>(ids.numel()), gradients);
    step.loss_sum().item<double>();  // waits
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const double flops =
        static_cast<double>(ids.numel()) * config::training_flops_per_token(shape, shape.num_hidden_layers, seq);
    best = std::max(best, flops / seconds);
  }
  return best;
}

}  // namespace cambium::train
