#include "apps/cambium/bench_commands.h"
#include "apps/cambium/lines.h"
#include "bench/train_report.h"
#include "cambium/base/error.h"

namespace {

/// Where no configuration is given.
constexpr const char* kDefault = R"(
[model]
preset = "laptop"
[train]
sequence_length = 512
batch_tokens = 4096
)";

constexpr int64_t kMost = 1 << 24;  // keeps products of sizes within range

}  // namespace

BenchTrainCommand::BenchTrainCommand(CLI::App& parent) {
  app = parent.add_subcommand("train", "tokens per second of training steps on random tokens, and where the time goes");
  app->add_option("--config", config_, "the model and batch of this run (TOML), at its full depth [preset laptop]")
      ->type_name("FILE");
  app->add_option("--set", overrides_, "KEY=VALUE over the configuration; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  const auto size = [&](const char* names, std::optional<int64_t>& value, const char* what) {
    app->add_option(names, value, what)->check(CLI::Range(int64_t{1}, kMost))->type_name("N")->group("Shape");
  };
  size("--vocab-size", vocab_, "entries of the vocabulary");
  size("--hidden-size,--hidden", hidden_, "width of the residual stream");
  size("--intermediate-size,--ffn", intermediate_, "width of the SwiGLU layer");
  size("--layers", layers_, "layers");
  size("--heads", heads_, "query heads");
  size("--kv-heads", kv_heads_, "key and value heads [as many as query heads]");
  size("--sequence-length", sequence_length_, "tokens of a sequence");
  size("--sequences", sequences_, "sequences of a batch");
  size("--micro-batch", micro_batch_, "sequences of a forward pass [all of the batch]");
  app->add_option("--precision", precision_, "auto, float32 or bfloat16 [the configuration's]")
      ->check(CLI::IsMember({"auto", "float32", "bfloat16"}));
  app->add_option("--device", device_, "auto, cpu or cuda [the configuration's]")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}));
  app->add_option("--threads", threads_, "CPU threads; 0: the configuration's, else one a core")
      ->check(CLI::Range(0, 4096));
  app->add_option("--repeats", repeats_, "how often to measure")->check(CLI::Range(1, 1000));
  app->add_option("--seconds", seconds_, "seconds of training a repeat, at least one step")
      ->check(CLI::Range(0.0, 3600.0));
  app->add_flag("--brief", brief_, "tokens per second only, not the products alone and the single ops");
  app->add_flag("--json", json_, "one JSON object");
}

cambium::config::RunConfig BenchTrainCommand::load() const {
  std::vector<std::string> keys;
  const auto set = [&](const char* key, const auto& value) { keys.push_back(cambium::format("{}={}", key, value)); };
  const auto set_given = [&](const char* key, const std::optional<int64_t>& value) {
    if (value) {
      set(key, *value);
    }
  };
  set_given("model.vocab_size", vocab_);
  set_given("model.hidden_size", hidden_);
  set_given("model.intermediate_size", intermediate_);
  set_given("model.num_hidden_layers", layers_);
  set_given("model.num_attention_heads", heads_);
  set_given("model.num_key_value_heads", kv_heads_ ? kv_heads_ : heads_);
  set_given("train.micro_batch", micro_batch_);
  if (!precision_.empty()) {
    set("run.precision", precision_);
  }
  if (!device_.empty()) {
    set("run.device", device_);
  }
  if (threads_ > 0) {
    set("run.threads", threads_);
  }
  const auto read = [&](std::vector<std::string> all) {
    all.insert(all.end(), overrides_.begin(), overrides_.end());
    return config_.empty() ? cambium::config::parse_run_config(kDefault, "bench train", all)
                           : cambium::config::load_run_config(config_, all);
  };
  if (!sequence_length_ && !sequences_) {
    return read(keys);
  }
  // The batch that is asked for, in the configuration's own numbers where only one of its sizes is given.
  const cambium::config::RunConfig base = read({});
  const int64_t length = sequence_length_.value_or(base.train.sequence_length);
  set("train.sequence_length", length);
  set("train.batch_tokens", length * sequences_.value_or(base.train.batch_tokens / base.train.sequence_length));
  set("model.max_position_embeddings", std::max(length, base.model.architecture.max_position_embeddings));
  return read(keys);
}

int BenchTrainCommand::run() {
  const cambium::config::RunConfig config = load();
  if (config.model.architecture.vocab_size == 0) {
    cambium::bad_input(
        "{}: `model.vocab_size` is 0, which stands for the tokenizer's; expected a number here\n"
        "  HINT: --vocab-size N",
        config_);
  }
  const cambium::bench::TrainReport report =
      cambium::bench::measure_training(config, {.repeats = repeats_, .seconds = seconds_, .details = !brief_});
  print(json_ ? to_json(report).dump(2) + '\n' : to_text(report));
  return 0;
}
