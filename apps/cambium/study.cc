#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/cambium/options.h"
#include "apps/cambium/run_study.h"
#include "apps/cambium/verbs.h"
#include "cambium/base/error.h"
#include "cambium/study/jobs/scheduler.h"

namespace {

namespace fs = std::filesystem;
using cambium::format;
using namespace cambium::study;

/// What there is to do, with what it costs; hours at `rate` training FLOPs per second.
void print_plan(const StudyConfig& study, const std::vector<Job>& jobs, const Settings& settings, double rate) {
  const std::vector<bool> done = done_jobs(jobs, settings);
  double all = 0, left = 0;
  size_t unknown = 0;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const bool open = !jobs[i].run.empty() && jobs[i].flops == 0;
    const std::string cost = jobs[i].flops > 0 ? format("{:9.3g} FLOPs", jobs[i].flops)
                             : open            ? "known when its data are there"
                                               : "";
    unknown += open ? 1 : 0;
    std::printf("%-7s %-28s %s\n", done[i] && !jobs[i].report ? "done" : "to do", jobs[i].name.c_str(), cost.c_str());
    all += jobs[i].flops;
    left += done[i] ? 0 : jobs[i].flops;
  }
  std::printf("\n%s: %zu variants, %zu seeds, %zu jobs; %.3g training FLOPs, %.3g of them still to do",
              study.name.c_str(), study.variants.size(), study.seeds.size(), jobs.size(), all, left);
  if (rate > 0) {
    std::printf("; at %.3g FLOP/s %.2f hours of training", rate, left / rate / 3600);
  }
  std::printf("%s\n", unknown > 0 ? format("; without {} trainings that are not known yet", unknown).c_str() : "");
}

}  // namespace

int study_main(int argc, char** argv) {
  CLI::App app(
      "Runs a study: its data, every variant with every seed, their evaluations and analyses, and a page on them. What "
      "is\n"
      "done and unchanged is not done again, so the same command goes on after a stop, a kill or a change.");
  std::string config;
  std::vector<std::string> overrides;
  int jobs = 1;
  bool dry_run = false;
  double rate = 0;
  app.add_option("CONFIG", config, "The study, a TOML file")->required()->type_name("FILE");
  app.add_option("--set", overrides,
                 "KEY=VALUE over every run's configuration; study.out=DIR; study.seeds=1,2,3; study.NAME=a value")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option("--jobs", jobs, "Jobs side by side, which share the cores")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_flag("--dry-run", dry_run, "Shows the jobs, and the FLOPs of the trainings, and ends");
  app.add_option("--rate", rate,
                 "Training FLOPs per second, for --dry-run's hours (`cambium bench train` measures them)")
      ->check(CLI::PositiveNumber);
  if (const auto exit_code = parse_options(app, argc, argv)) {
    return *exit_code;
  }
  const StudyConfig study = load_study(config, overrides);
  if (dry_run) {
    print_plan(study, make_jobs(study), study_settings(study, jobs), rate);
    return static_cast<int>(cambium::ExitCode::kDone);
  }
  return run_study(study, jobs);
}
