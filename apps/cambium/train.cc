#include <cstdio>
#include <string>
#include <vector>

#include "apps/cambium/eval_in_training.h"
#include "apps/cambium/options.h"
#include "apps/cambium/verbs.h"
#include "cambium/base/progress.h"
#include "cambium/config/run_config.h"
#include "cambium/train/trainer.h"

int train_main(int argc, char** argv) {
  using cambium::train::Resume;
  CLI::App app("Trains a model, growing it on the way.");
  std::string config_path, resume = "auto";
  std::vector<std::string> overrides;
  app.add_option("CONFIG", config_path, "Configuration (TOML)")->required()->type_name("FILE");
  app.add_option("--set", overrides, "Override a key of the configuration, for example train.steps=200")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option("--resume", resume,
                 "auto: go on from the newest complete checkpoint of run.dir; never: start anew (what is there is set "
                 "aside); or a checkpoint's directory")
      ->type_name("auto|never|DIR");
  bool debug_anomaly = false;
  app.add_flag(
      "--debug-anomaly", debug_anomaly,
      "End at the first NaN or infinity, naming step, layer and tensor; short for --set run.debug_anomaly=true");
  if (const auto exit_code = parse_options(app, argc, argv)) {
    return *exit_code;
  }
  if (debug_anomaly) {
    overrides.emplace_back("run.debug_anomaly=true");
  }
  Resume from;
  if (resume == "never") {
    from.mode = Resume::Mode::kNever;
  } else if (resume != "auto") {
    from = {Resume::Mode::kFrom, resume};
  }
  const cambium::config::RunConfig config = cambium::config::load_run_config(
      config_path, overrides, [&](const std::string& run) { return cambium::train::begun_with(run, from); });
  const cambium::train::TrainResult result =
      cambium::train::train(config, from, eval_in_training(config), cambium::dist::read_environment());
  if (result.leads) {
    std::printf("%s after step %lld in %s: %s\n", result.stopped ? "stopped" : "done",
                static_cast<long long>(result.steps), cambium::format_duration(result.seconds).c_str(),
                result.checkpoint.c_str());
  }
  return static_cast<int>(result.stopped ? cambium::ExitCode::kStopped : cambium::ExitCode::kDone);
}
