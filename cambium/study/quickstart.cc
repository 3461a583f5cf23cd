#include "cambium/study/quickstart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/log.h"
#include "cambium/base/progress.h"
#include "cambium/config/plan.h"
#include "cambium/data/synth/corpus.h"
#include "cambium/data/synth/item.h"
#include "cambium/eval/exact_match.h"
#include "cambium/formats/json.h"
#include "cambium/model/hugging_face.h"
#include "cambium/text/bpe_trainer.h"
#include "cambium/text/tokenizer.h"
#include "cambium/train/device.h"
#include "cambium/train/probe.h"
#include "cambium/train/trainer.h"

namespace cambium::study {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 3> kVariants{"baseline", "midas", "lidas"};
constexpr int32_t kVocabulary = 1024;
constexpr int64_t kTokenizerBytes = 4'000'000;
constexpr int64_t kHeldOutTokens = 32'768;

/// The common settings of the variants; paths, steps and operator are set over them.
constexpr std::string_view kConfig = R"(
[model]
vocab_size = 1024
hidden_size = 128
intermediate_size = 384
num_hidden_layers = 6
num_attention_heads = 4
max_position_embeddings = 256
tie_word_embeddings = true

[growth]
block_size = 2

[train]
sequence_length = 128
batch_tokens = 4096
learning_rate = 4e-3
weight_decay = 0.1
schedule = "wsd"

[data]
shuffle = false   # the built-in corpus is a curriculum: easier forms first
val_tokens = 32768

[log]
every = 20
)";

std::vector<std::string> overrides(const QuickstartOptions& options, std::string_view variant, int64_t steps) {
  const fs::path data = options.out / "data";
  return {format("run.dir={}", (options.out / variant).string()),
          format("run.seed={}", options.seed),
          format("growth.operator={}", variant == "baseline" ? "none" : variant),
          format("train.steps={}", steps),
          format("train.warmup_steps={}", std::max<int64_t>(1, steps / 20)),
          format("train.cooldown_steps={}", steps * 15 / 100),
          format("checkpoint.every={}", std::max<int64_t>(1, steps / 4)),
          format("data.val_every={}", std::max<int64_t>(1, steps / 5)),
          format("data.tokenizer={}", (data / "tokenizer.json").string()),
          format("data.source.0.path={}", data.string())};
}

config::RunConfig variant_config(const QuickstartOptions& options, std::string_view variant, int64_t steps) {
  return config::parse_run_config(kConfig, "quickstart", overrides(options, variant, steps));
}

config::Plan plan_of(const config::RunConfig& config) {
  return config::make_plan(config, /*epoch_tokens=*/0, train::cuda_support());
}

/// Steps for which the three trainings take about `minutes` here, after the speed of a few steps at full depth.
int64_t steps_for(const QuickstartOptions& options) {
  constexpr int64_t kTrialSteps = 1000;  // FLOPs are in proportion to the steps
  double flops = 0;
  for (const std::string_view variant : kVariants) {
    flops += plan_of(variant_config(options, variant, kTrialSteps)).flops;
  }
  const double rate = train::measure_training_flops(variant_config(options, "baseline", kTrialSteps));
  // Update, validation, growth and checkpoints take their share beside forward and backward.
  constexpr double kShareOfSteps = 0.9;
  const double steps = kShareOfSteps * options.minutes * 60 * rate / (flops / kTrialSteps);
  return std::clamp<int64_t>(static_cast<int64_t>(steps) / 50 * 50, 100, 20'000);
}

/// Tokenizer and token dataset of the built-in corpus.
void make_data(const QuickstartOptions& options, int64_t tokens) {
  const fs::path directory = options.out / "data";
  if (fs::exists(directory / "manifest.json")) {
    return;
  }
  log_info("making the built-in corpus and a tokenizer for it");
  const std::string sample = data::builtin_corpus_sample(kTokenizerBytes, options.seed);
  text::WordCounter words;
  words.add(sample);
  const std::string json = text::to_tokenizer_json(text::train_bpe(words.counts(), {.vocab_size = kVocabulary}));
  const text::Tokenizer tokenizer = text::Tokenizer::parse(json, "the built-in tokenizer");
  data::write_builtin_dataset(directory, tokenizer, tokens, kHeldOutTokens, options.seed, /*replace=*/true);
}

std::vector<eval::Question> held_out_questions(const data::SynthTask& task, int64_t count, uint64_t seed) {
  CounterRandom random(seed, "quickstart." + task.name);
  std::vector<eval::Question> questions;
  for (int64_t i = 0; i < count; ++i) {
    const data::SynthItem item = data::make_item(task, random, data::SynthSplit::kHeldout);
    questions.push_back({item.prompt, item.answer});
  }
  return questions;
}

std::vector<const data::SynthTask*> primitives() {
  std::vector<const data::SynthTask*> tasks;
  for (const data::SynthTask& task : data::synth_tasks()) {
    if (task.has_answer) {
      tasks.push_back(&task);
    }
  }
  return tasks;
}

VariantResult run_variant(const QuickstartOptions& options, std::string_view variant, int64_t steps) {
  const config::RunConfig config = variant_config(options, variant, steps);
  log_info(format("--- {} ---", variant));
  const train::TrainResult trained = train::train(config, {});
  if (trained.stopped) {
    throw Stopped(format("stopped; `cambium quickstart --out {}` goes on from here", options.out.string()));
  }
  VariantResult result{.name = std::string(variant),
                       .val_loss = trained.val_loss,
                       .accuracy = {},
                       .train_flops = plan_of(config).flops,
                       .seconds = trained.resumed ? std::nan("") : trained.seconds};
  model::Llama model = model::load_llama(trained.checkpoint, model::Precision::kFloat32);
  model::Forward forward(model);
  const text::Tokenizer tokenizer = text::Tokenizer::load(trained.checkpoint);
  Progress progress(format("asking {} the primitives", variant), std::ssize(primitives()), "tasks");
  constexpr int64_t kBatchTokens = 4096;
  for (const data::SynthTask* task : primitives()) {
    result.accuracy.push_back(eval::exact_match(
        model, forward, tokenizer, held_out_questions(*task, options.questions, options.seed), kBatchTokens));
    progress.update(std::ssize(result.accuracy));
  }
  return result;
}

formats::Json to_json(const VariantResult& result) {
  const auto number = [](double value) { return std::isfinite(value) ? formats::Json(value) : formats::Json(nullptr); };
  formats::Json accuracy = formats::Json::object();
  for (size_t i = 0; i < result.accuracy.size(); ++i) {
    accuracy[primitives()[i]->name] = result.accuracy[i];
  }
  return {{"name", result.name},
          {"val_loss", number(result.val_loss)},
          {"accuracy", accuracy},
          {"train_flops", result.train_flops},
          {"seconds", number(result.seconds)}};
}

VariantResult variant_from_json(const formats::Json& json, const std::string& what) {
  const formats::JsonView view(json, what), accuracy = view.object("accuracy");
  const auto number = [&](std::string_view key) { return view.has(key) ? view.number(key) : std::nan(""); };
  VariantResult result{.name = view.string("name"),
                       .val_loss = number("val_loss"),
                       .accuracy = {},
                       .train_flops = number("train_flops"),
                       .seconds = number("seconds")};
  for (const data::SynthTask* task : primitives()) {
    result.accuracy.push_back(accuracy.number(task->name));
  }
  return result;
}

/// The number of steps this quickstart runs with: what an earlier start in the same folder chose, else chosen now.
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

QuickstartResult quickstart(const QuickstartOptions& options) {
  make_directories(options.out);
  const int64_t steps = settle_steps(options);
  constexpr int64_t kBatchTokens = 4096;
  make_data(options, (steps + 1) * kBatchTokens);
  QuickstartResult result{.steps = steps, .primitives = {}, .variants = {}, .file = options.out / "results.json"};
  for (const data::SynthTask* task : primitives()) {
    result.primitives.push_back(task->name);
  }
  formats::Json variants = formats::Json::array();
  for (const std::string_view variant : kVariants) {
    const fs::path file = options.out / variant / "result.json";
    if (!fs::exists(file)) {
      const formats::Json json = to_json(run_variant(options, variant, steps));
      write_file_atomic(file, json.dump(1) + "\n");
    }
    variants.push_back(formats::read_json(file));
    result.variants.push_back(variant_from_json(variants.back(), file.string()));
  }
  write_file_atomic(result.file, formats::Json{{"steps", steps}, {"variants", variants}}.dump(1) + "\n");
  return result;
}

std::string format_table(const QuickstartResult& result) {
  std::string table = format("\n{:<36}", format("{} steps each", result.steps));
  const auto row = [&](std::string_view label, const auto& cell) {
    table += format("\n{:<36}", label);
    for (const VariantResult& variant : result.variants) {
      table += format("{:>12}", cell(variant));
    }
  };
  for (const VariantResult& variant : result.variants) {
    table += format("{:>12}", variant.name);
  }
  row("validation loss (nats a token)", [](const VariantResult& v) { return format("{:.4f}", v.val_loss); });
  for (size_t i = 0; i < result.primitives.size(); ++i) {
    row(result.primitives[i], [i](const VariantResult& v) { return format("{:.1f} %", 100 * v.accuracy[i]); });
  }
  const VariantResult& baseline = result.variants.front();
  row("training FLOPs", [](const VariantResult& v) { return format("{:.3g}", v.train_flops); });
  row("training seconds",
      [](const VariantResult& v) { return std::isfinite(v.seconds) ? format("{:.0f}", v.seconds) : "resumed"; });
  row("FLOPs of the baseline / its own",
      [&](const VariantResult& v) { return format("{:.3f}", baseline.train_flops / v.train_flops); });
  row("seconds of the baseline / its own", [&](const VariantResult& v) {
    return std::isfinite(v.seconds + baseline.seconds) ? format("{:.3f}", baseline.seconds / v.seconds) : "-";
  });
  return table +
         "\n\nAccuracy: exact match on held-out items that no training text contains. One seed and a few minutes: the\n"
         "savings are real, but differences of a few points between the models are noise, and models this young\n"
         "hardly use their depth.\n";
}

}  // namespace cambium::study
