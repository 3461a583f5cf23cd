#include "cambium/config/run_config.h"

#include <gtest/gtest.h>

#include <fstream>

#include "cambium/base/error.h"
#include "tests/support/temporary_folder.h"

namespace cambium::config {
namespace {

RunConfig parse(const std::string& toml, const std::vector<std::string>& overrides = {}) {
  return parse_run_config(toml, "run.toml", overrides);
}

/// The message that a configuration is refused with.
std::string refusal(const std::string& toml, const std::vector<std::string>& overrides = {}) {
  try {
    parse(toml, overrides);
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "accepted";
}

#define EXPECT_SAYS(message, part) EXPECT_NE(message.find(part), std::string::npos) << message

TEST(RunConfig, EmptyTextGivesTheDefaults) {
  const RunConfig config = parse("");
  EXPECT_EQ(config.run.dir, "runs/default");
  EXPECT_EQ(config.run.seed, 1u);
  EXPECT_EQ(config.model.preset, "tiny");
  EXPECT_EQ(config.model.architecture, model::preset("tiny"));
  EXPECT_EQ(config.growth.op, "none");
  EXPECT_EQ(config.train.steps, StepCount{1000});
  EXPECT_EQ(config.train.warmup_steps, StepCount{100});
  EXPECT_EQ(config.train.betas, (std::vector<double>{0.9, 0.95}));
  EXPECT_TRUE(config.data.source.empty());
}

TEST(RunConfig, ReadsEverySection) {
  const RunConfig config = parse(R"(
[run]
dir = "runs/x"
seed = 7
threads = 2
precision = "float32"
deterministic = false
[model]
vocab_size = 300
hidden_size = 48
intermediate_size = 100
num_hidden_layers = 8
num_attention_heads = 6
rope_theta = 50000
tie_word_embeddings = true
layer_norm_scaling = true
init_std = 0.02
[model.rope_scaling]
factor = 8
low_freq_factor = 1.0
high_freq_factor = 4.0
original_max_position_embeddings = 1024
[growth]
operator = "midas"
block_size = 2
alpha = 2
moments = "zero"
[train]
steps = "1M tokens"
sequence_length = 64
batch_tokens = 1024
micro_batch = 4
learning_rate = 1
warmup_steps = "10k tokens"
schedule = "cosine"
betas = [0.8, 0.9]
decay = "all"
[data]
tokenizer = "tok.json"
val_every = 50
shuffle = false
[[data.source]]
path = "a"
weight = 0.25
to_step = 500
[[data.source]]
path = "b"
from_step = 100
[checkpoint]
every = 10
keep_growth = true
[log]
tensorboard = false
)");
  EXPECT_EQ(config.run.dir, "runs/x");
  EXPECT_EQ(config.run.seed, 7u);
  EXPECT_FALSE(config.run.deterministic);
  EXPECT_EQ(config.model.preset, "");
  EXPECT_EQ(config.model.architecture.num_key_value_heads, 6);
  EXPECT_EQ(config.model.architecture.rope_theta, 50000);
  EXPECT_EQ(config.model.architecture.max_position_embeddings, 2048);
  EXPECT_EQ(config.model.architecture.rope_scaling, (model::Llama3Rope{8, 1, 4, 1024}));
  EXPECT_TRUE(config.model.architecture.layer_norm_scaling);
  EXPECT_EQ(config.growth.op, "midas");
  EXPECT_EQ(config.growth.alpha, 2);
  EXPECT_EQ(config.train.steps, (StepCount{1e6, StepCount::Unit::kTokens}));
  EXPECT_EQ(config.train.learning_rate, 1);
  ASSERT_EQ(config.data.source.size(), 2u);
  EXPECT_EQ(config.data.source[0].weight, 0.25);
  EXPECT_EQ(config.data.source[0].to_step, StepCount{500});
  EXPECT_EQ(config.data.source[1].from_step, StepCount{100});
  EXPECT_FALSE(config.data.source[1].to_step.has_value());
  EXPECT_EQ(config.checkpoint.every, 10);
  EXPECT_FALSE(config.log.tensorboard);
}

TEST(RunConfig, ExplicitKeysChangeThePreset) {
  const RunConfig config = parse("[model]\nnum_hidden_layers = 16\npreset = \"smollm-360m\"\n");
  EXPECT_EQ(config.model.architecture.num_hidden_layers, 16);
  EXPECT_EQ(config.model.architecture.num_key_value_heads, 5);
  EXPECT_EQ(config.model.architecture.hidden_size, 960);
}

TEST(RunConfig, ArchitectureComesFromInitFrom) {
  const TemporaryFolder folder;
  const std::string directory = folder.path().string();
  std::ofstream(directory + "/config.json")
      << R"({"model_type": "llama", "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64,
             "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2})";
  const std::string model = "[model]\ninit_from = \"" + directory + "\"\n";
  const RunConfig config = parse(model);
  EXPECT_EQ(config.model.architecture.vocab_size, 100);
  EXPECT_EQ(config.model.architecture.num_key_value_heads, 2);

  EXPECT_EQ(parse(model + "num_hidden_layers = 8\n[growth]\noperator = \"lidas\"\nblock_size = 2\nat = [10, 20]\n")
                .model.architecture.num_hidden_layers,
            8);
  EXPECT_SAYS(refusal(model + "hidden_size = 64\n"), "`model.hidden_size` (line 3) = 64");
  EXPECT_SAYS(refusal(model + "num_hidden_layers = 8\n"), "starts with 8 layers");
  EXPECT_SAYS(refusal("[model]\ninit_from = \"no/such/model\"\n"), "no/such/model");
  EXPECT_EQ(parse(to_toml(config)).model.architecture, config.model.architecture);
}

TEST(RunConfig, WhatARunBeganWithStandsForInitFrom) {
  model::ModelConfig begun = model::preset("tiny");
  begun.num_hidden_layers = 4;
  std::string asked;
  const BegunWith of_run = [&](const std::string& run_directory) {
    asked = run_directory;
    return begun;
  };
  const std::string toml = "[run]\ndir = \"here\"\n[model]\ninit_from = \"no/such/model\"\nrope_theta = 5e4\n";
  const RunConfig config = parse_run_config(toml, "run.toml", {}, of_run);
  EXPECT_EQ(asked, "here");
  begun.rope_theta = 5e4;
  EXPECT_EQ(config.model.architecture, begun);
  EXPECT_EQ(config.model.init_from, "no/such/model");

  const BegunWith anew = [](const std::string&) { return std::optional<model::ModelConfig>(); };
  EXPECT_THROW(parse_run_config(toml, "run.toml", {}, anew), InvalidInput);
}

TEST(RunConfig, OverridesWin) {
  const RunConfig config =
      parse("[train]\nsteps = 500\n[run]\ndir = \"a\"\n[[data.source]]\npath = \"x\"\n",
            {"train.steps=200", "run.dir=runs/x", "model.num_hidden_layers=8", "train.betas=[0.5, 0.6]",
             "growth.operator=lidas", "growth.at=[50,100]", "growth.block_size=2", "data.source.0.path=y",
             "data.source.1.path=z", "data.source.1.weight=3", "train.cooldown_steps=100k tokens",
             "log.tensorboard=false", "data.val=2024"});
  EXPECT_EQ(config.train.steps, StepCount{200});
  EXPECT_EQ(config.run.dir, "runs/x");
  EXPECT_EQ(config.model.architecture.num_hidden_layers, 8);
  EXPECT_EQ(config.train.betas, (std::vector<double>{0.5, 0.6}));
  EXPECT_EQ(config.growth.at, (std::vector<int64_t>{50, 100}));
  EXPECT_EQ(config.growth.schedule, "at");
  ASSERT_EQ(config.data.source.size(), 2u);
  EXPECT_EQ(config.data.source[0].path, "y");
  EXPECT_EQ(config.data.source[1].weight, 3);
  EXPECT_EQ(config.train.cooldown_steps, (StepCount{1e5, StepCount::Unit::kTokens}));
  EXPECT_FALSE(config.log.tensorboard);
  EXPECT_EQ(config.data.val, "2024");
}

TEST(RunConfig, OverridesReplaceWholeTables) {
  const std::string text =
      "[model]\nrope_scaling = {factor = 8, low_freq_factor = 1, high_freq_factor = 4, "
      "original_max_position_embeddings = 512}\n[[data.source]]\npath = \"x\"\n[[data.source]]\npath = \"y\"\n";
  EXPECT_EQ(parse(text, {"data.source=[{path=\"only\"}]"}).data.source.size(), 1u);
  EXPECT_EQ(parse(text, {"model.rope_scaling.factor=16"}).model.architecture.rope_scaling->factor, 16);
  EXPECT_FALSE(parse(text, {"model.rope_scaling=none"}).model.architecture.rope_scaling.has_value());
}

TEST(RunConfig, UnknownNamesAreRefusedWithTheNearest) {
  EXPECT_EQ(refusal("[train]\n\nmicro_bach = 8\n"),
            "run.toml: unknown key `train.micro_bach` (line 3); did you mean `train.micro_batch`?");
  EXPECT_EQ(refusal("", {"train.micro_bach=8"}),
            "--set train.micro_bach=8: unknown key `train.micro_bach`; did you mean `train.micro_batch`?");
  EXPECT_EQ(refusal("[trian]\n"),
            "run.toml: unknown section `trian` (line 1); expected one of run, model, growth, train, data, checkpoint, "
            "log, dist, eval");
  EXPECT_EQ(refusal("[model]\nlearning_rate = 1\n"),
            "run.toml: unknown key `model.learning_rate` (line 2); did you mean `train.learning_rate`?");
  EXPECT_EQ(refusal("steps = 1\n"),
            "run.toml: unknown key `steps` (line 1); did you mean `growth.steps` or `train.steps`?");
  EXPECT_EQ(refusal("[data]\n[[data.source]]\npath = \"x\"\nwieght = 1\n"),
            "run.toml: unknown key `data.source.0.wieght` (line 4); did you mean `data.source.weight`?");
  EXPECT_EQ(refusal("[log]\nxyzzyxyzzy = 1\n"),
            "run.toml: unknown key `log.xyzzyxyzzy` (line 2); [log] has: every, tensorboard");
}

TEST(RunConfig, WrongTypesAndRangesNameKeyLineFoundAndExpected) {
  EXPECT_EQ(
      refusal("[train]\nsteps = true\n"),
      "run.toml: `train.steps` (line 2): expected a size in steps (200, \"10M tokens\" or \"1.5 epochs\"), found true");
  EXPECT_EQ(refusal("[train]\nsteps = \"many\"\n"),
            "run.toml: `train.steps` (line 2): expected a size in steps (200, \"10M tokens\" or \"1.5 epochs\"), found "
            "\"many\"");
  EXPECT_EQ(refusal("[train]\nlearning_rate = 0\n"),
            "run.toml: `train.learning_rate` (line 2): expected a number above 0, found 0");
  EXPECT_EQ(refusal("[train]\nlearning_rate = \"big\"\n"),
            "run.toml: `train.learning_rate` (line 2): expected a number above 0, found \"big\"");
  EXPECT_EQ(refusal("[run]\ndevice = \"gpu\"\n"),
            "run.toml: `run.device` (line 2): expected one of \"auto\", \"cpu\", \"cuda\", found \"gpu\"");
  EXPECT_EQ(refusal("[run]\ndir = 5\n"), "run.toml: `run.dir` (line 2): expected a string, found 5");
  EXPECT_EQ(refusal("", {"log.every=0"}), "--set log.every=0: `log.every`: expected an integer at least 1, found 0");
  EXPECT_SAYS(refusal("[train]\nlearning_rate = nan\n"), "found nan");
  EXPECT_SAYS(refusal("[train]\nlearning_rate = inf\n"), "found inf");
  EXPECT_SAYS(refusal("[train]\nsequence_length = 512.0\n"), "`train.sequence_length` (line 2): expected an integer");
  EXPECT_SAYS(refusal("[train]\nbetas = [0.9, 1.0]\n"), "expected a list of numbers, each at least 0 and below 1");
  EXPECT_SAYS(refusal("[train]\nbetas = 0.9\n"), "`train.betas` (line 2)");
  EXPECT_SAYS(refusal("[growth]\nblock_size = 99999999999\n"), "`growth.block_size` (line 2)");
  EXPECT_SAYS(refusal("[growth]\nat = [10, \"x\"]\n"), "`growth.at` (line 2)");
  EXPECT_SAYS(refusal("[growth]\noperator = \"lids\"\n"), "\"lidas\"");
  EXPECT_SAYS(refusal("[data]\nsource = 5\n"), "`data.source` (line 2): expected [[data.source]] tables, found 5");
  EXPECT_SAYS(refusal("[data]\nsource = [5]\n"), "`data.source.0` (line 2): expected a table, found 5");
  EXPECT_SAYS(refusal("[train.steps]\n"), "`train.steps` (line 1): expected a size in steps");
  EXPECT_SAYS(refusal("[model]\nrope_scaling = 8\n"), "`model.rope_scaling` (line 2)");
  EXPECT_SAYS(refusal("[model.rope_scaling]\nfactor = 8\n"), "`model.rope_scaling.low_freq_factor` is missing");
  EXPECT_SAYS(refusal("[model]\nhidden_size = 64\n"), "`model.intermediate_size` is missing");
  EXPECT_SAYS(refusal("[[data.source]]\nweight = 1\n"), "`data.source.0.path` is missing");
  EXPECT_SAYS(refusal("[train\n"), "run.toml: line 1");
  EXPECT_SAYS(refusal("[log]\nevery = 1\nevery = 2\n"), "run.toml: line 3");
  EXPECT_SAYS(refusal("\xff\xfe"), "run.toml: line 1");
  EXPECT_SAYS(refusal("", {"train.steps"}), "expected KEY=VALUE");
}

TEST(RunConfig, ImpossibleCombinationsNameTheirKeys) {
  EXPECT_EQ(refusal("[train]\nbatch_tokens = 1000\nsequence_length = 300\n"),
            "run.toml: `train.batch_tokens` (line 2) = 1000 is no multiple of `train.sequence_length` (line 3) = 300; "
            "nearest: 900 or 1200");
  EXPECT_EQ(refusal("[train]\nbatch_tokens = 6144\nmicro_batch = 5\n"),
            "run.toml: `train.micro_batch` (line 3) = 5 does not divide the batch of 12 sequences "
            "(`train.batch_tokens` (line 2) / `train.sequence_length` (its default)); nearest: 4 or 6");
  EXPECT_SAYS(refusal("[train]\nsequence_length = 1\nbatch_tokens = 999999999989\nmicro_batch = 500000000000\n"),
              "nearest: 1 or 999999999989");
  const std::string sizes =
      "[model]\nvocab_size = 10\nhidden_size = 8\nintermediate_size = 8\nnum_attention_heads = 2\n";
  EXPECT_EQ(
      refusal(sizes + "num_hidden_layers = 10\n[growth]\noperator = \"midas\"\n"),
      "run.toml: `model.num_hidden_layers` (line 6) = 10 is no multiple of `growth.block_size` (its default) = 4; "
      "nearest: 8 or 12");
  EXPECT_SAYS(refusal("", {"growth.operator=lidas", "growth.at=[2000]", "model.num_hidden_layers=8"}),
              "`growth.at` (--set): step 2000 does not lie before the end, `train.steps` (its default) = 1000");
  EXPECT_SAYS(refusal("", {"growth.operator=lidas", "growth.at=[200,100]", "model.num_hidden_layers=12"}), "ascending");
  EXPECT_SAYS(refusal("", {"growth.operator=lidas", "growth.at=[100,200]", "model.num_hidden_layers=8"}),
              "leaves room for 1");
  EXPECT_SAYS(refusal("[growth]\nat = [5]\n"), "nothing would grow");
  EXPECT_SAYS(refusal("[growth]\noperator = \"midas\"\nschedule = \"at\"\n", {"model.num_hidden_layers=8"}),
              "lists no steps");
  EXPECT_SAYS(refusal("[growth]\noperator = \"midas\"\nschedule = \"prop\"\nat = [5]\n", {"model.num_hidden_layers=8"}),
              "give one of them");
  EXPECT_SAYS(refusal("[train]\nwarmup_steps = 2000\n"),
              "`train.warmup_steps` (line 2) = 2000 is more than `train.steps`");
  EXPECT_SAYS(refusal("[train]\ncooldown_steps = 2000\n"), "`train.cooldown_steps` (line 2) = 2000 is more than");
  EXPECT_SAYS(refusal("[train]\ncooldown_steps = 950\n"), "together more than");
  EXPECT_SAYS(refusal("[train]\nsteps = 0\n"), "expected at least one step");
  EXPECT_SAYS(refusal("[train]\nsequence_length = 4096\nbatch_tokens = 4096\n"),
              "is longer than `model.max_position_embeddings`");
  EXPECT_SAYS(refusal("[train]\nbetas = [0.9]\n"), "expected two");
  EXPECT_SAYS(refusal("[train]\nmin_lr = 1.0\n"), "is above `train.learning_rate`");
  EXPECT_SAYS(refusal("[growth]\noperator = \"lidas\"\nsteps = 2000\n", {"model.num_hidden_layers=8"}),
              "`growth.steps` (line 3) = 2000 is more than");
  EXPECT_SAYS(refusal("[growth]\noperator = \"lidas\"\nsteps = 1\n", {"model.num_hidden_layers=8"}), "would be empty");
  EXPECT_SAYS(refusal("[[data.source]]\npath = \"x\"\nfrom_step = 10\nto_step = 10\n"), "does not lie before");
  EXPECT_SAYS(refusal("[[data.source]]\npath = \"x\"\nto_step = 10\n"), "step 10 of 1000 draws from no source");
  EXPECT_SAYS(refusal(sizes + "num_hidden_layers = 2\nnum_key_value_heads = 3\n"),
              "run.toml: `model.num_key_value_heads` (line 7): expected");
}

TEST(RunConfig, DepthAloneChangesTheDefaultPreset) {
  const RunConfig config = parse("[model]\nnum_hidden_layers = 6\nnum_key_value_heads = 2\n");
  EXPECT_EQ(config.model.preset, "tiny");
  EXPECT_EQ(config.model.architecture.num_hidden_layers, 6);
  EXPECT_EQ(config.model.architecture.hidden_size, model::preset("tiny").hidden_size);
}

TEST(RunConfig, ShortRunsNeedNoWarmupKey) {
  EXPECT_EQ(parse("[train]\nsteps = 20\n").train.warmup_steps, StepCount{2});
  EXPECT_EQ(parse("[train]\nsteps = 5\n").train.warmup_steps, StepCount{0});
  const RunConfig in_epochs = parse("[train]\nsteps = \"2 epochs\"\n");
  EXPECT_EQ(resolve_steps(in_epochs, 8192 * 10).warmup, 2);
  EXPECT_EQ(resolve_steps(in_epochs, 8192 * 1000).warmup, 100);
}

TEST(RunConfig, PrintedConfigurationReadsBack) {
  const RunConfig config = parse(
      "[model]\npreset = \"smollm-360m\"\nvocab_size = 0\nrope_scaling = {factor = 8, low_freq_factor = 1, "
      "high_freq_factor = 4, original_max_position_embeddings = 512}\n[growth]\noperator = \"lidas\"\n[train]\n"
      "steps = \"1.5 epochs\"\nwarmup_steps = 7\nlearning_rate = 3e-3\n[data]\ntokenizer = 'a \"b\" "
      "\\c'\n[[data.source]]\n"
      "path = \"x\"\nto_step = \"10M tokens\"\n");
  const std::string text = to_toml(config);
  const RunConfig again = parse(text);
  EXPECT_EQ(to_toml(again), text);
  EXPECT_EQ(again.model.architecture, config.model.architecture);
  EXPECT_EQ(again.data.tokenizer, "a \"b\" \\c");
  EXPECT_EQ(again.train.steps, config.train.steps);
  for (const KeyDoc& doc : key_docs()) {
    if (std::count(doc.key.begin(), doc.key.end(), '.') == 1) {
      const std::string name = "\n" + doc.key.substr(doc.key.find('.') + 1) + " = ";
      EXPECT_SAYS(text, name);
    }
    EXPECT_FALSE(doc.sentence.empty());
    EXPECT_EQ(doc.sentence.back(), '.') << doc.key;
    EXPECT_FALSE(doc.default_value.empty()) << doc.key;
  }
}

TEST(ResolveSteps, StartsBelowTheEndByTheBlocksOfAt) {
  const RunConfig config =
      parse("", {"growth.operator=midas", "growth.block_size=2", "growth.at=[100, 250]", "model.num_hidden_layers=8"});
  const ResolvedSteps steps = resolve_steps(config, 0);
  EXPECT_EQ(steps.initial_layers, 4);
  ASSERT_EQ(steps.events.size(), 2u);
  EXPECT_EQ(steps.events[0].step, 100);
  EXPECT_EQ(steps.events[1].from_layers, 6);
  EXPECT_EQ(steps.events[1].to_layers, 8);
}

TEST(ResolveSteps, PropRunsOverAllButTheCooldown) {
  const RunConfig config = parse(
      "[growth]\noperator = \"lidas\"\nblock_size = 4\n[train]\nsteps = 1200\n"
      "cooldown_steps = 200\n",
      {"model.num_hidden_layers=16"});
  const ResolvedSteps steps = resolve_steps(config, 0);
  EXPECT_EQ(steps.growth, 1000);
  EXPECT_EQ(steps.initial_layers, 4);
  ASSERT_EQ(steps.events.size(), 3u);
  EXPECT_EQ(steps.events[0].step, 100);
  EXPECT_EQ(steps.events[1].step, 300);
  EXPECT_EQ(steps.events[2].step, 600);
}

TEST(ResolveSteps, UnitsAndEpochs) {
  const RunConfig config = parse(
      "[train]\nsteps = \"2 epochs\"\nwarmup_steps = \"81920 tokens\"\nschedule = \"cosine\"\n"
      "cooldown_steps = 5\n");
  const ResolvedSteps steps = resolve_steps(config, 8192 * 50);
  EXPECT_EQ(steps.total, 100);
  EXPECT_EQ(steps.warmup, 10);
  EXPECT_EQ(steps.cooldown, 0);  // no wsd
  EXPECT_THROW(resolve_steps(config, 0), InvalidInput);
  EXPECT_THROW(resolve_steps(config, 8192), InvalidInput);  // 2 steps, 10 of them warm-up
}

}  // namespace
}  // namespace cambium::config
