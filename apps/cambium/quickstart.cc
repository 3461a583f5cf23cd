#include "cambium/study/quickstart.h"

#include <cstdio>

#include "apps/cambium/options.h"
#include "apps/cambium/verbs.h"
#include "cambium/base/error.h"

int quickstart_main(int argc, char** argv) {
  CLI::App app(
      "Makes a small corpus, trains a baseline, a MIDAS and a LIDAS model on it with the same batches and steps, and\n"
      "compares them. Needs nothing but the program; started again, it goes on where it was stopped.");
  cambium::study::QuickstartOptions options;
  app.add_option("--out", options.out, "Where everything goes")->type_name("DIR");
  app.add_option("--minutes", options.minutes, "Time for the three trainings together; sets the number of steps")
      ->check(CLI::PositiveNumber);
  app.add_option("--steps", options.steps, "Steps of each training, instead of --minutes (0: after --minutes)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--seed", options.seed, "Seed of data and models");
  app.add_option("--questions", options.questions, "Held-out items of each primitive")->check(CLI::PositiveNumber);
  if (const auto exit_code = parse_options(app, argc, argv)) {
    return *exit_code;
  }
  const cambium::study::QuickstartResult result = cambium::study::quickstart(options);
  std::fputs(cambium::study::format_table(result).c_str(), stdout);
  std::printf("\nEverything lies in %s; the figures in %s.\n", options.out.c_str(), result.file.c_str());
  return static_cast<int>(cambium::ExitCode::kDone);
}
