#include "cambium/analysis/analyze.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/cambium/model_dir.h"
#include "apps/cambium/options.h"
#include "apps/cambium/ranks.h"
#include "apps/cambium/verbs.h"
#include "cambium/analysis/block_size.h"
#include "cambium/analysis/results.h"
#include "cambium/analysis/tasks.h"
#include "cambium/base/error.h"
#include "cambium/base/log.h"
#include "cambium/model/hugging_face.h"
#include "cambium/text/tokenizer.h"

namespace {

using namespace cambium;

void print_list() {
  for (const analysis::Analysis& each : analysis::analyses()) {
    std::printf("%-20s %s\n", std::string(each.name).c_str(), std::string(each.sentence).c_str());
  }
}

std::optional<text::Tokenizer> tokenizer_of(const std::filesystem::path& model) {
  std::optional<text::Tokenizer> tokenizer;
  if (std::filesystem::exists(model / "tokenizer.json")) {
    tokenizer.emplace(text::Tokenizer::load(model));
  }
  return tokenizer;
}

analysis::PromptSet prompts_of(const std::string& file, const std::filesystem::path& model,
                               const text::Tokenizer* tokenizer, int64_t vocab_size, uint64_t seed) {
  if (!file.empty()) {
    return analysis::read_prompts(file, tokenizer, vocab_size, seed);
  }
  if (tokenizer == nullptr) {
    bad_input("{}: holds no tokenizer.json for the built-in prompts: give --prompts with lines {{\"ids\": [...]}}",
              model.string());
  }
  return analysis::built_in_prompts(*tokenizer, vocab_size, seed);
}

/// What `--tasks` and its companions say.
struct TaskOptions {
  std::string names, data = "data/eval";
  int64_t limit = 0;
  std::optional<int64_t> num_fewshot;
};

analysis::Tasks tasks_of(const TaskOptions& options, const std::filesystem::path& model,
                         const text::Tokenizer* tokenizer, std::span<const analysis::Analysis* const> wanted,
                         int64_t batch_tokens) {
  if (std::none_of(wanted.begin(), wanted.end(), [](const analysis::Analysis* each) { return each->on_tasks; })) {
    std::string able;
    for (const analysis::Analysis& each : analysis::analyses()) {
      able += each.on_tasks ? (able.empty() ? "" : ", ") + std::string(each.name) : "";
    }
    bad_input("--tasks: expected an analysis that measures tasks ({}), found none", able);
  }
  if (tokenizer == nullptr) {
    bad_input("{}: holds no tokenizer.json, which --tasks needs", model.string());
  }
  eval::EvalSettings settings;
  settings.scorer.batch_tokens = batch_tokens;
  settings.data = options.data;
  settings.num_fewshot = options.num_fewshot;
  settings.bootstrap = 0;
  if (options.limit > 0) {
    settings.limit = options.limit;
  }
  return {eval::select_tasks(options.names, eval::task_folder(), options.data), settings, *tokenizer};
}

}  // namespace

int analyze_main(int argc, char** argv) {
  CLI::App app("Finds out how a model uses its depth. Results: a table for each analysis; files with --out.");
  std::string model_directory, names = "paper", prompts_file, lens, out, before, part = "layer", order,
                               precision = "float32";
  bool list = false;
  analysis::Settings settings;
  TaskOptions task_options;
  int64_t block_size = -1;
  app.add_option("MODEL", model_directory, "Model directory")->type_name("DIR");
  app.add_option("--analysis", names, "Analyses, comma-separated; `paper` or `all` for many")->type_name("A,B,...");
  app.add_flag("--list", list, "Names the analyses, a sentence each, and ends");
  app.add_option(
         "--prompts", prompts_file,
         "JSON lines {\"text\": ...} or {\"ids\": [...]}, with optional \"cuts\" and \"group\"; without it, ten "
         "short built-in texts")
      ->type_name("FILE");
  app.add_option("--out", out, "Where <analysis>.json and .csv go; the same command goes on after a kill")
      ->type_name("DIR");
  app.add_option("--lens", lens, "Tuned lenses that `cambium lens train` made")->type_name("DIR");
  app.add_option("--seed", settings.seed, "Seed of the draws (cut positions, shuffles, bootstrap)");
  app.add_option("--block-size", block_size, "Layers of a block; 0: no blocks; -1: as the model grew, else 4");
  app.add_option("--part", part, "What the skip effects leave out: layer, attention or mlp")
      ->check(CLI::IsMember({"layer", "attention", "mlp"}));
  app.add_option("--tasks", task_options.names,
                 "Tasks of `cambium eval`, comma-separated: early-exit, remove, swap, reverse, shuffle-blocks and loop "
                 "then measure the accuracy too")
      ->type_name("A,B,...");
  app.add_option("--data", task_options.data, "Where the tasks' files lie")->type_name("DIR")->capture_default_str();
  app.add_option("--limit", task_options.limit, "Asks only about the first items of each task")
      ->check(CLI::PositiveNumber);
  app.add_option("--num-fewshot", task_options.num_fewshot,
                 "Examples in front of each question (default: the task's own)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--before", before,
                 "weight-similarity: an earlier checkpoint of the same depth, for the updates since")
      ->type_name("DIR");
  app.add_option("--batch-tokens", settings.batch_tokens, "Padded tokens of a batch")->check(CLI::PositiveNumber);
  app.add_flag("--plain", settings.plain, "Skip effects by one full pass each, to check the fast way");
  app.add_option("--precision", precision, "float32 or bfloat16")->check(CLI::IsMember({"float32", "bfloat16"}));
  app.add_option("--order", order, std::string(kOrderHelp) + "; analyses then see the places as layers")
      ->type_name("LAYERS");
  if (const auto exit_code = parse_options(app, argc, argv)) {
    return *exit_code;
  }
  if (list) {
    print_list();
    return static_cast<int>(ExitCode::kDone);
  }
  if (model_directory.empty()) {
    bad_input("MODEL is missing: expected a model directory (`cambium analyze --list` needs none)");
  }
  return with_ranks([&](dist::Group& group) {
    const std::vector<const analysis::Analysis*> wanted = analysis::find_analyses(names);
    const std::filesystem::path directory = open_model_directory(model_directory);
    auto model = load_arranged_model(directory, precision, order);
    static const std::map<std::string, analysis::Part> kParts{
        {"layer", analysis::Part::kLayer}, {"attention", analysis::Part::kAttention}, {"mlp", analysis::Part::kMlp}};
    settings.part = kParts.at(part);
    settings.lens = lens;
    settings.model = directory;
    settings.before = before;
    settings.block_size = block_size < 0 ? analysis::find_block_size(directory, model.num_layers()) : block_size;
    const std::optional<text::Tokenizer> tokenizer = tokenizer_of(directory);
    const text::Tokenizer* const reads = tokenizer ? &*tokenizer : nullptr;
    const analysis::PromptSet prompts =
        prompts_of(prompts_file, directory, reads, model.config.vocab_size, settings.seed);
    std::optional<analysis::Tasks> tasks;
    if (!task_options.names.empty()) {
      tasks.emplace(tasks_of(task_options, directory, reads, wanted, settings.batch_tokens));
      settings.tasks = &*tasks;
    }
    if (group.leads()) {
      std::printf("%s: %lld layers; prompts: %s (%zu, %lld tokens)\n", directory.string().c_str(),
                  static_cast<long long>(model.num_layers()), prompts.source.c_str(), prompts.prompts.size(),
                  static_cast<long long>(prompts.tokens()));
    }
    analysis::analyze(
        model, out.empty() ? "" : analysis::hash_weights(directory) + order, prompts, settings, wanted, out,
        [](const analysis::Analysis& each, const analysis::Values& values, bool were_there) {
          std::printf("\n%s: %s%s\n%s", std::string(each.name).c_str(), std::string(each.sentence).c_str(),
                      were_there ? " (made before)" : "", analysis::to_text(values).c_str());
          std::fflush(stdout);
        },
        group);
    return static_cast<int>(ExitCode::kDone);
  });
}
