#include "bench/trainee.h"

#include <ATen/Parallel.h>

#include <utility>

#include "bench/stopwatch.h"
#include "cambium/train/optimizer.h"
#include "cambium/train/probe.h"
#include "cambium/train/step_options.h"

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
      gradients(model::Parameters::zeros(model.config, model.options(at::kFloat))),
      ids(random_ids(config)),
      targets(random_ids(config)),
      step_(model, train::step_options(config.train)) {}

double Trainee::step(model::StepClock* clock) {
  using model::timed;
  step_.tell(clock);
  const double scale = 1.0 / static_cast<double>(batch_tokens());
  timed(clock, "zero gradients", [&] { gradients.zero(); });
  step_.clear_loss();
  for (int64_t first = 0; first < ids.size(0); first += micro_batch) {
    step_.forward_backward(ids.narrow(0, first, micro_batch), targets.narrow(0, first, micro_batch), scale, gradients);
  }
  train::Verdict verdict;
  timed(clock, "sum_squares", [&] {
    verdict = train::judge(step_.loss_sum(), batch_tokens(), gradients, {.clip_norm = config.train.clip_norm});
  });
  timed(clock, "adamw",
        [&] { train::update(model, state, gradients, config.train, config.train.learning_rate, verdict); });
  return train::settle(verdict, state).loss;
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
