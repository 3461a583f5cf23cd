#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/cambium/lines.h"
#include "apps/cambium/model_dir.h"
#include "apps/cambium/options.h"
#include "apps/cambium/ranks.h"
#include "apps/cambium/verbs.h"
#include "cambium/base/error.h"
#include "cambium/eval/evaluate.h"
#include "cambium/eval/results.h"

namespace {

namespace fs = std::filesystem;

int list_tasks() {
  for (const cambium::eval::Task& task : cambium::eval::read_tasks(cambium::eval::task_folder())) {
    std::printf("%-36s %-20s %s\n", task.name.c_str(), task.group.c_str(), task.about.c_str());
  }
  return static_cast<int>(cambium::ExitCode::kDone);
}

}  // namespace

int eval_main(int argc, char** argv) {
  CLI::App app("Scores a model on benchmark tasks, with the prompts and metrics of lm-evaluation-harness.");
  std::string model_directory, tasks, precision = "float32", order, data = "data/eval", out;
  int64_t num_fewshot = 0, limit = 0;
  bool list = false;
  cambium::eval::EvalSettings settings;
  app.add_option("MODEL", model_directory, "Model directory")->type_name("DIR");
  app.add_option("--tasks", tasks,
                 "Names of tasks or of groups of tasks, comma-separated; all: every one whose data is there");
  app.add_flag("--list", list, "Names the tasks with their groups");
  app.add_option("--data", data, "Where the tasks' files lie")->type_name("DIR")->capture_default_str();
  const CLI::Option* shots =
      app.add_option("--num-fewshot", num_fewshot, "Examples in front of each question (default: the task's own)")
          ->check(CLI::NonNegativeNumber);
  const CLI::Option* limited =
      app.add_option("--limit", limit, "Asks only about the first items of each task")->check(CLI::PositiveNumber);
  app.add_option("--out", out, "Where results and samples go; what is finished there is not asked again after a kill")
      ->type_name("DIR");
  app.add_option("--batch-tokens", settings.scorer.batch_tokens, "Tokens of one pass")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_flag("--deterministic", settings.scorer.deterministic,
               "Every request runs alone: results do not depend on --batch-tokens in their last bits");
  app.add_option("--bootstrap", settings.bootstrap, "Resamples for the standard error of perplexities; 0: none")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--precision", precision, "float32 or bfloat16")
      ->check(CLI::IsMember({"float32", "bfloat16"}))
      ->capture_default_str();
  app.add_option("--order", order, kOrderHelp)->type_name("LAYERS");
  if (const auto exit_code = parse_options(app, argc, argv)) {
    return *exit_code;
  }
  using namespace cambium;
  if (list) {
    return list_tasks();
  }
  if (model_directory.empty() || tasks.empty()) {
    bad_input("eval: expected a MODEL and --tasks (--list names them)");
  }
  return with_ranks([&](dist::Group& group) {
    std::vector<eval::Task> selected = eval::select_tasks(tasks, eval::task_folder(), data);
    if (shots->count() > 0) {
      settings.num_fewshot = num_fewshot;
    }
    if (limited->count() > 0) {
      settings.limit = limit;
    }
    settings.data = data;
    settings.progress = group.leads();
    if (!out.empty()) {
      settings.answers = fs::path(out) / "unfinished";
    }
    const fs::path directory = open_model_directory(model_directory);
    auto model = load_model(directory, precision, order);
    const auto tokenizer = text::Tokenizer::load(directory);
    if (tokenizer.vocab_size() > model.config.vocab_size) {
      bad_input("{}: the tokenizer has {} entries, the model only {}", directory.string(), tokenizer.vocab_size(),
                model.config.vocab_size);
    }
    const std::vector<eval::TaskResult> results =
        eval::evaluate({.model = model, .tokenizer = tokenizer}, std::move(selected), settings, group);
    group.meet();  // from here on nobody adds to the answers on the disk
    if (!group.leads()) {
      return static_cast<int>(ExitCode::kDone);
    }
    print(eval::results_table(results));
    if (!out.empty()) {
      const fs::path file = eval::write_results(out, results, settings, model_directory);
      fs::remove_all(settings.answers);
      std::printf("\nwritten to %s\n", file.c_str());
    }
    return static_cast<int>(ExitCode::kDone);
  });
}
