#include "apps/cambium/bench_commands.h"
#include "apps/cambium/options.h"
#include "apps/cambium/verbs.h"

int bench_main(int argc, char** argv) {
  CLI::App app(
      "Measures this machine: how fast it trains and what with, each op against a plain version of it,\n"
      "tokenizers, and data.");
  app.require_subcommand(0, 1);
  app.footer("Without a command: train, with its defaults.");
  app.option_defaults()->always_capture_default();  // taken over by the subcommands below
  BenchTrainCommand train(app);
  BenchOpsCommand ops(app);
  BenchTokenizerCommand tokenizer(app);
  BenchDataCommand data(app);
  if (const auto code = parse_options(app, argc, argv)) {
    return *code;
  }
  if (*tokenizer.app) {
    return tokenizer.run();
  }
  if (*data.app) {
    return data.run();
  }
  return *ops.app ? ops.run() : train.run();
}
