#include "cambium/study/quickstart.h"

#include "apps/cambium/options.h"
#include "apps/cambium/run_study.h"
#include "apps/cambium/verbs.h"

int quickstart_main(int argc, char** argv) {
  CLI::App app(
      "Makes a small corpus, trains a baseline, one with LN-Scaling, a MIDAS and a LIDAS model on it with the same\n"
      "batches and steps, evaluates and analyses them, and writes a page on them, DIR/report.html. Needs nothing but "
      "the\n"
      "program; started again, it goes on where it was stopped.");
  cambium::study::QuickstartOptions options;
  app.add_option("--out", options.out, "Where everything goes")->type_name("DIR");
  app.add_option("--minutes", options.minutes, "Time for the trainings together; sets the number of steps")
      ->check(CLI::PositiveNumber);
  app.add_option("--steps", options.steps, "Steps of each training, instead of --minutes (0: after --minutes)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--seed", options.seed, "Seed of data and models");
  app.add_option("--questions", options.questions, "Held-out items of each primitive")->check(CLI::PositiveNumber);
  if (const auto exit_code = parse_options(app, argc, argv)) {
    return *exit_code;
  }
  return run_study(cambium::study::quickstart_study(options), /*jobs=*/1);
}
