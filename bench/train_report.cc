#include "bench/train_report.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "cambium/base/cpu.h"
#include "cambium/base/progress.h"
#include "cambium/ops/cuda.h"
#include "cambium/train/throughput.h"

namespace cambium::bench {

double TrainReport::best() const {
  double best = 0;
  for (const Trainee::Lap& lap : laps) {
    best = std::max(best, lap.tokens_per_second);
  }
  return best;
}

double TrainReport::median() const {
  std::vector<double> rates;
  for (const Trainee::Lap& lap : laps) {
    rates.push_back(lap.tokens_per_second);
  }
  std::sort(rates.begin(), rates.end());
  return rates[(rates.size() - 1) / 2];
}

double TrainReport::flops_per_token(config::AttentionCost attention) const {
  const model::ModelConfig& shape = config.model.architecture;
  return config::training_flops_per_token(shape, shape.num_hidden_layers, config.train.sequence_length, attention);
}

double TrainReport::mfu(config::AttentionCost attention) const {
  return flops_per_token(attention) * best() / peak_flops;
}

TrainReport measure_training(const config::RunConfig& config, const TrainBenchOptions& options) {
  const c10::NoGradGuard no_grad;
  at::set_num_threads(thread_count(static_cast<int>(config.run.threads)));
  const train::Device device(config.run);
  const bool bfloat16 = device.precision == model::Precision::kBFloat16;
  const ops::Backend* gpu = device.where.is_cuda() ? ops::cuda().backend : nullptr;
  Progress progress("measuring", options.repeats + (options.details ? 4 : 1), "parts");
  Trainee trainee(config);
  TrainReport report{.machine = this_machine(bfloat16, gpu),
                     .device = device.choice,
                     .config = config,
                     .micro_batch = trainee.micro_batch};
  report.loss = trainee.step();
  trainee.step();  // the first one touched fresh memory; a GPU records the second
  for (int i = 0; i < options.repeats; ++i) {
    report.laps.push_back(trainee.lap(options.seconds));
    progress.update(i + 1);
  }
  report.peak_memory = gpu == nullptr ? 0 : gpu->peak_memory();  // before anything else is measured
  report.peak_flops = train::peak_flops(device);
  const bool data_sheet = gpu != nullptr && gpu->peak_flops(bfloat16) > 0;
  report.peak_from = data_sheet ? "the GPU's data sheet" : "the fastest product seen";
  progress.update(options.repeats + 1);
  if (options.details) {
    report.profile = profile_step(trainee, options.seconds);
    progress.update(options.repeats + 2);
    report.library_products = measure_products(trainee, ProductsBy::kLibrary);
    progress.update(options.repeats + 3);
    report.own_products = measure_products(trainee, ProductsBy::kOps);
    for (const ProductTimes& times : {*report.library_products, *report.own_products}) {
      report.peak_flops = data_sheet ? report.peak_flops : std::max(report.peak_flops, times.flops / times.seconds);
    }
  }
  progress.finish();
  return report;
}

}  // namespace cambium::bench
