#include <cstdio>
#include <string>

#include "apps/cambium/model_dir.h"
#include "apps/cambium/options.h"
#include "apps/cambium/verbs.h"
#include "cambium/analysis/lens_train.h"
#include "cambium/base/error.h"
#include "cambium/base/format.h"
#include "cambium/base/progress.h"
#include "cambium/model/hugging_face.h"

int lens_main(int argc, char** argv) {
  CLI::App app("Trains tuned lenses: a translator a layer that lets the head read the stream there.");
  app.require_subcommand(1);
  CLI::App* train = app.add_subcommand("train", "Trains lenses for MODEL on a token dataset");
  std::string model_directory, data, out, optimizer = "sgd";
  cambium::analysis::LensTraining training;
  train->option_defaults()->always_capture_default();
  train->add_option("MODEL", model_directory, "Model directory")->required()->type_name("DIR");
  train->add_option("--data", data, "Token dataset (`cambium data prepare`)")->required()->type_name("DIR");
  train->add_option("--out", out, "Where lens.safetensors goes; the same command goes on after a stop")
      ->required()
      ->type_name("DIR");
  train->add_option("--steps", training.steps, "Updates; 0 writes zero translators")->check(CLI::NonNegativeNumber);
  train->add_option("--batch-tokens", training.batch_tokens, "Tokens of an update")->check(CLI::PositiveNumber);
  train->add_option("--sequence-length", training.sequence_length, "0: the model's context, at most 2048")
      ->check(CLI::NonNegativeNumber);
  train->add_option("--optimizer", optimizer, "sgd (Nesterov) or adam")->check(CLI::IsMember({"sgd", "adam"}));
  train->add_option("--seed", training.seed, "Seed of the order of the windows");
  if (const auto exit_code = parse_options(app, argc, argv)) {
    return *exit_code;
  }
  using namespace cambium;
  training.optimizer =
      optimizer == "sgd" ? analysis::LensTraining::Optimizer::kSgd : analysis::LensTraining::Optimizer::kAdam;
  auto model = model::load_llama(open_model_directory(model_directory), model::Precision::kFloat32);
  const data::TokenDataset dataset = data::TokenDataset::open(data);
  if (dataset.vocab_size() > model.config.vocab_size) {
    bad_input("{}: expected ids below the model's vocabulary of {}, found a vocabulary of {}", data,
              model.config.vocab_size, dataset.vocab_size());
  }
  Progress progress("training lenses", training.steps, "steps");
  double first = 0, last = 0;
  bool any = false;
  analysis::train_lens(model, dataset, training, out, [&](int64_t step, const at::Tensor& losses) {
    last = losses.mean().item<double>();
    first = any ? first : last;
    any = true;
    progress.update(step + 1, format("KL {:.4f}", last));
  });
  progress.finish();
  if (any) {
    std::printf("KL of the final distribution from the lenses', mean over layers: %.4f at first, %.4f at the end\n",
                first, last);
  }
  std::printf("%s/lens.safetensors: lenses of %lld layers\n", out.c_str(), static_cast<long long>(model.num_layers()));
  return static_cast<int>(ExitCode::kDone);
}
