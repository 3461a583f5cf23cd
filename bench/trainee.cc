#include "bench/trainee.h"

#include <ATen/Parallel.h>

#include <utility>

#include "bench/stopwatch.h"
#include "cambium/train/optimizer.h"
#include "cambium/train/probe.h"

namespace cambium::bench {
namespace {

at::Tensor random_ids(const config::RunConfig& config) {
  const int64_t seq = config.train.sequence_length;
  return at::randint(config.model.architecture.vocab_size, {config.train.batch_tokens / seq, seq}, at::kInt);
}

}  // namespace

Trainee::Trainee(const config::RunConfig& run_config)
    : config(run_config),
      micro_batch(config.train.micro_batch_sequences()),
      model(train::random_model(config)),
      state(train::TrainState::fresh(model)),
      gradients(model::Parameters::zeros(model.config, at::kFloat)),
      ids(random_ids(config)),
      targets(random_ids(config)) {}

model::TrainingStep& Trainee::buffers() {
  if (!step_) {
    const model::TrainingStep::Options options{.batch = micro_batch,
                                               .seq = config.train.sequence_length,
                                               .z_loss = config.train.z_loss,
                                               .recompute = config.train.recompute};
    step_ = std::make_unique<model::TrainingStep>(model, options);
  }
  return *step_;
}

double Trainee::step() {
  const double scale = 1.0 / static_cast<double>(batch_tokens());
  double loss = 0;
  gradients.zero();
  for (int64_t first = 0; first < ids.size(0); first += micro_batch) {
    loss += buffers().forward_backward(ids.narrow(0, first, micro_batch), targets.narrow(0, first, micro_batch), scale,
                                       gradients);
  }
  const double norm = train::gradient_norm(gradients);
  train::update(model, state, gradients, config.train, config.train.learning_rate,
                train::clip_scale(norm, config.train.clip_norm));
  return loss * scale;
}

double Trainee::loss() {
  double loss = 0;
  for (int64_t first = 0; first < ids.size(0); first += micro_batch) {
    loss += buffers().forward(ids.narrow(0, first, micro_batch), targets.narrow(0, first, micro_batch));
  }
  return loss / static_cast<double>(batch_tokens());
}

Trainee::Lap Trainee::lap(double seconds) {
  const Stopwatch watch;
  Lap lap{};
  while (lap.steps == 0 || watch.seconds() < seconds) {
    step();
    ++lap.steps;
  }
  lap.seconds = watch.seconds();
  lap.tokens_per_second = static_cast<double>(lap.steps * batch_tokens()) / lap.seconds;
  lap.cpu_share = watch.cpu_share(at::get_num_threads());
  return lap;
}

}  // namespace cambium::bench
