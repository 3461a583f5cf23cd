#include "cambium/study/quickstart.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/base/embed.h"
#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/config/run_config.h"
#include "cambium/formats/json.h"
#include "cambium/study/jobs/job.h"
#include "cambium/train/probe.h"

namespace cambium::study {

CAMBIUM_EMBED(quickstart_study_file, CAMBIUM_QUICKSTART_STUDY)
CAMBIUM_EMBED(quickstart_run_file, CAMBIUM_QUICKSTART_RUN)

namespace {
namespace fs = std::filesystem;

fs::path study_file(const QuickstartOptions& options) { return options.out / "quickstart.toml"; }

/// Schedules in proportion to the steps, and a corpus that they go through once: it is a curriculum.
std::vector<std::string> overrides(const QuickstartOptions& options, int64_t steps) {
  constexpr double kTokensOfStep = 4096, kTokensOfItem = 50;
  return {
      "study.out=" + options.out.string(),
      format("study.seeds={}", options.seed),
      format("study.items={}", static_cast<int64_t>(static_cast<double>(steps + 1) * kTokensOfStep / kTokensOfItem)),
      format("study.questions={}", options.questions),
      format("train.steps={}", steps),
      format("train.warmup_steps={}", std::max<int64_t>(1, steps / 20)),
      format("train.cooldown_steps={}", steps * 15 / 100),
      format("checkpoint.every={}", std::max<int64_t>(1, steps / 4)),
      format("data.val_every={}", std::max<int64_t>(1, steps / 8))};
}

/// Steps for which all trainings together take about `minutes` here, after the speed of a few steps at full depth.
int64_t steps_for(const QuickstartOptions& options) {
  constexpr int64_t kTrialSteps = 1000;  // FLOPs are in proportion to the steps
  const std::vector<Job> jobs = make_jobs(load_study(study_file(options), overrides(options, kTrialSteps)));
  double flops = 0;
  const config::RunConfig* full_depth = nullptr;
  for (const Job& job : jobs) {
    flops += job.flops;
    full_depth = job.config && full_depth == nullptr ? &*job.config : full_depth;
  }
  // Update, validation, growth and checkpoints take their share beside forward and backward.
  constexpr double kShareOfSteps = 0.9;
  const double rate = train::measure_training_flops(*full_depth);
  const double steps = kShareOfSteps * options.minutes * 60 * rate / (flops / kTrialSteps);
  return std::clamp<int64_t>(static_cast<int64_t>(steps) / 20 * 20, 100, 20'000);
}

/// What an earlier start in the same folder chose, else chosen now.
int64_t settle_steps(const QuickstartOptions& options) {
  const fs::path file = options.out / "quickstart.json";
  if (fs::exists(file)) {
    const formats::Json json = formats::read_json(file);
    const formats::JsonView view(json, file.string());
    if (view.integer("seed", 0, INT64_MAX) != static_cast<int64_t>(options.seed) ||
        (options.steps > 0 && view.integer("steps", 1, INT64_MAX) != options.steps)) {
      bad_input("{}: holds a quickstart with other settings; choose another --out", options.out.string());
    }
    return view.integer("steps", 1, INT64_MAX);
  }
  const int64_t steps = options.steps > 0 ? options.steps : steps_for(options);
  write_file_atomic(file, formats::Json{{"steps", steps}, {"seed", options.seed}}.dump(1) + "\n");
  return steps;
}

}  // namespace

StudyConfig quickstart_study(const QuickstartOptions& options) {
  make_directories(options.out);
  write_file_atomic(study_file(options), quickstart_study_file());
  write_file_atomic(options.out / "quickstart-run.toml", quickstart_run_file());
  return load_study(study_file(options), overrides(options, settle_steps(options)));
}

}  // namespace cambium::study
