#include "cambium/config/plan.h"

#include <string>
#include <vector>

#include "apps/cambium/lines.h"
#include "apps/cambium/options.h"
#include "apps/cambium/plan_data.h"
#include "apps/cambium/plan_report.h"
#include "apps/cambium/verbs.h"
#include "cambium/base/error.h"
#include "cambium/train/device.h"
#include "cambium/train/probe.h"
#include "cambium/train/setup.h"
#include "cambium/train/trainer.h"

namespace {

/// Every key with type, default and sentence, as rows of a Markdown table.
void print_keys() {
  print("| key | type | default | |\n| --- | --- | --- | --- |\n");
  for (const cambium::config::KeyDoc& doc : cambium::config::key_docs()) {
    print(cambium::config::markdown_row(doc) + '\n');
  }
}

}  // namespace

int plan_main(int argc, char** argv) {
  std::string path;
  std::vector<std::string> overrides;
  bool json = false, keys = false, measure = false;
  double gigabytes = 0, microseconds = 10;
  Machine machine;
  double& rate = machine.flops_per_second;
  CLI::App app(
      "Shows what a run will do and cost, before any step: parameters, growth, FLOPs, memory, data, every key.");
  app.add_option("CONFIG", path, "configuration of the run (TOML)");
  app.add_option("--set", overrides, "KEY=VALUE over the file, for example train.steps=200; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_flag("--measure", measure, "Measure training here for a second or two, and predict how long the run takes");
  app.add_option("--rate", rate, "Predict it from that many training FLOPs per second instead, for example 4e14")
      ->check(CLI::PositiveNumber)
      ->excludes("--measure")
      ->always_capture_default(false)
      ->default_str("");
  app.add_option("--ranks", machine.network.ranks, "Plan for so many processes: what each holds and sends")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--bandwidth", gigabytes,
                 "Gigabytes (10^9) a second that a process sends to the others, for example 12 (100 Gbit/s)")
      ->check(CLI::PositiveNumber)
      ->always_capture_default(false)
      ->default_str("");
  app.add_option("--latency", microseconds, "Microseconds until a message has arrived")->check(CLI::NonNegativeNumber);
  app.add_flag("--json", json, "one JSON object");
  app.add_flag("--keys", keys, "list every configuration key instead");
  if (const auto code = parse_options(app, argc, argv)) {
    return *code;
  }
  if (keys) {
    print_keys();
    return 0;
  }
  if (path.empty()) {
    cambium::bad_input("plan: CONFIG is required (`{} --help` lists the options)", argv[0]);
  }
  cambium::config::RunConfig config = cambium::config::load_run_config(path, overrides, [](const std::string& run) {
    return cambium::train::begun_with(run, cambium::train::Resume{});
  });
  DataReport data = inspect_data(config);
  if (config.model.architecture.vocab_size == 0) {
    config.model.architecture.vocab_size = data.tokenizer_size.value_or(0);
  }
  // A run for a machine with a GPU can be planned on one without.
  const cambium::config::CudaSupport cuda =
      config.run.device == "auto" ? cambium::train::cuda_support()
                                  : cambium::config::CudaSupport{.available = config.run.device == "cuda"};
  // Only a branch's past is looked up: reading checkpoints takes time, and a plan works before there are any.
  const auto branch =
      config.run.branch_from.empty()
          ? std::nullopt
          : cambium::train::past_of(config, cambium::train::checkpoint_to_resume(config.run.dir, {})).point;
  const auto plan = cambium::config::make_plan(config, data.epoch_tokens, cuda, branch);
  if (measure) {
    if (config.model.architecture.vocab_size == 0) {
      cambium::bad_input("plan --measure: the vocabulary is not known yet; prepare the data, or set model.vocab_size");
    }
    rate = cambium::train::measure_training_flops(config);
  }
  machine.network.bandwidth = gigabytes * 1e9;
  machine.network.latency = microseconds * 1e-6;
  config.train.warmup_steps = cambium::config::StepCount{static_cast<double>(plan.steps.warmup)};
  plan_mixture(config, plan.steps.first_step, plan.steps.total, data);
  print(json ? plan_json(config, plan, data, machine).dump(2) + '\n' : plan_text(config, plan, data, machine));
  return 0;
}
