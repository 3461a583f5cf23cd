#include "cambium/model/generate.h"

#include <cstdio>
#include <string>
#include <vector>

#include "apps/cambium/lines.h"
#include "apps/cambium/model_dir.h"
#include "apps/cambium/options.h"
#include "apps/cambium/verbs.h"
#include "cambium/base/error.h"
#include "cambium/model/hugging_face.h"
#include "cambium/text/tokenizer.h"

int generate_main(int argc, char** argv) {
  CLI::App app("Continues a prompt with sampled text.");
  std::string model_directory, prompt, order, precision = "float32";
  cambium::model::GenerateOptions options;
  app.add_option("MODEL", model_directory, "Model directory")->required()->type_name("DIR");
  app.add_option("--prompt", prompt, "Text to continue; empty: begin a document")->required()->type_name("TEXT");
  app.add_option("--max-tokens", options.max_tokens, "New tokens at most")->check(CLI::PositiveNumber);
  app.add_option("--temperature", options.temperature, "0 is greedy")->check(CLI::NonNegativeNumber);
  app.add_option("--top-p", options.top_p, "Probability mass to sample from")->check(CLI::Range(0.0, 1.0));
  app.add_option("--seed", options.seed, "Seed of the sampling");
  app.add_option("--precision", precision, "float32 or bfloat16")->check(CLI::IsMember({"float32", "bfloat16"}));
  app.add_option("--order", order, kOrderHelp)->type_name("LAYERS");
  if (const auto exit_code = parse_options(app, argc, argv)) {
    return *exit_code;
  }
  using namespace cambium;
  const text::Tokenizer tokenizer = text::Tokenizer::load(model_directory);
  auto model = load_model(model_directory, precision, order);
  model::Forward forward(model);
  options.stop = tokenizer.end_of_text();
  std::vector<int32_t> ids = tokenizer.encode(prompt);
  if (ids.empty()) {
    if (!options.stop) {
      bad_input("--prompt: expected some text, since the tokenizer has no end-of-text token to begin a document with");
    }
    ids = {*options.stop};
  }
  print(prompt);
  model::generate(model, forward, ids, options, [&](int32_t id) {
    const std::string& piece = tokenizer.bytes_of(id);
    print(piece);
    std::fflush(stdout);
  });
  print("\n");
  return static_cast<int>(ExitCode::kDone);
}
