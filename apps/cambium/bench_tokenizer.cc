#include <algorithm>
#include <optional>

#include "apps/cambium/bench_commands.h"
#include "apps/cambium/lines.h"
#include "bench/tokenizer_speed.h"
#include "cambium/base/cpu.h"
#include "cambium/base/error.h"
#include "cambium/base/progress.h"
#include "cambium/data/synth/corpus.h"
#include "cambium/formats/json.h"
#include "cambium/formats/streams.h"
#include "cambium/text/utf8.h"

namespace {

using cambium::format;
using cambium::bench::TokenizerRate;
using cambium::bench::TokenizerSpeed;
using cambium::bench::TokenizerTraining;
using cambium::formats::Json;
using cambium::text::Tokenizer;

constexpr int64_t kBuiltinBytes = 4'000'000;
constexpr int32_t kVocabulary = 4096;

std::string read_text(const std::string& path) {
  std::string text = cambium::formats::read_input(path);
  if (text.empty()) {
    cambium::bad_input("{}: empty; expected text", path);
  }
  return text;
}

struct Measured {
  std::string tokenizer, text_from, cpu;
  int threads;
  int32_t vocab_size;
  std::optional<TokenizerTraining> training;
  TokenizerSpeed speed;

  double training_rate() const { return static_cast<double>(speed.bytes) / training->seconds; }
};

Json json_of(const TokenizerRate& rate) {
  return {{"tokens_per_second", rate.tokens_per_second}, {"bytes_per_second", rate.bytes_per_second}};
}

Json json_of(const Measured& found) {
  const TokenizerSpeed& speed = found.speed;
  Json json{{"machine", {{"cpu", found.cpu}, {"threads", found.threads}}},
            {"tokenizer", {{"from", found.tokenizer}, {"vocab_size", found.vocab_size}}},
            {"text", {{"from", found.text_from}, {"bytes", speed.bytes}, {"tokens", speed.tokens}}},
            {"encode", {{"one_thread", json_of(speed.encode)}, {"all_threads", json_of(speed.encode_threads)}}},
            {"decode", {{"one_thread", json_of(speed.decode)}}}};
  if (found.training) {
    json["training"] = {{"seconds", found.training->seconds}, {"bytes_per_second", found.training_rate()}};
  }
  return json;
}

std::string line_of(const char* name, int threads, const TokenizerRate& rate) {
  return format("{:<11}{} tokens/s, {:.1f} MB/s on {}\n", name,
                cambium::format_count(static_cast<int64_t>(rate.tokens_per_second)), rate.bytes_per_second / 1e6,
                threads == 1 ? std::string("one thread") : format("{} threads", threads));
}

std::string text_of(const Measured& found) {
  const TokenizerSpeed& speed = found.speed;
  std::string text =
      format("machine    {}, {} threads\n", found.cpu.empty() ? "unknown processor" : found.cpu, found.threads);
  text += format("tokenizer  {}, {} entries\n", found.tokenizer, cambium::format_count(found.vocab_size));
  text += format("text       {}, {}, {} tokens ({:.2f} bytes each)\n\n", found.text_from,
                 cambium::format_bytes(static_cast<double>(speed.bytes)), cambium::format_count(speed.tokens),
                 static_cast<double>(speed.bytes) / static_cast<double>(speed.tokens));
  if (found.training) {
    text += format("train      {:.2f} s, {:.1f} MB/s on one thread\n", found.training->seconds,
                   found.training_rate() / 1e6);
  }
  text += line_of("encode", 1, speed.encode);
  text += found.threads == 1 ? "" : line_of("", found.threads, speed.encode_threads);
  return text + line_of("decode", 1, speed.decode);
}

}  // namespace

BenchTokenizerCommand::BenchTokenizerCommand(CLI::App& parent) {
  app = parent.add_subcommand("tokenizer", "how fast a tokenizer encodes and decodes a text");
  app->footer(
      "Whole passes over the text, piece by piece (about 64 KiB that end with a line); the fastest counts. Words of "
      "an\n"
      "earlier pass are remembered.");
  app->add_option("TOKENIZER", tokenizer_,
                  "tokenizer.json, or a folder that has one [4,096 entries, trained on the text]");
  app->add_option("--input", input_, "text, plain, .gz or .zst [4 MB of the built-in corpus]")->type_name("FILE");
  app->add_option("--threads", threads_, "threads of the second measurement; 0: one a core")
      ->check(CLI::Range(0, 4096));
  app->add_option("--seconds", seconds_, "seconds a measurement, at least one pass")->check(CLI::Range(0.0, 3600.0));
  app->add_flag("--json", json_, "one JSON object");
}

int BenchTokenizerCommand::run() {
  cambium::Progress progress("measuring", 3, "parts");
  const std::string text = input_.empty() ? cambium::data::builtin_corpus_sample(kBuiltinBytes, 1) : read_text(input_);
  const std::string text_from = input_.empty() ? "the built-in corpus" : input_;
  progress.update(1);
  try {
    std::optional<TokenizerTraining> training;
    if (tokenizer_.empty()) {
      training = cambium::bench::train_tokenizer(text, kVocabulary);
    }
    const Tokenizer tokenizer =
        training ? Tokenizer::parse(training->json, "the trained tokenizer") : Tokenizer::load(tokenizer_);
    progress.update(2);
    const int threads = cambium::thread_count(threads_);
    const Measured found{.tokenizer = training ? "trained on the text" : tokenizer_,
                         .text_from = text_from,
                         .cpu = cambium::cpu_name(),
                         .threads = threads,
                         .vocab_size = tokenizer.vocab_size(),
                         .training = training,
                         .speed = cambium::bench::measure_tokenizer(tokenizer, text, threads, seconds_)};
    progress.finish();
    print(json_ ? json_of(found).dump(2) + '\n' : text_of(found));
  } catch (const cambium::text::InvalidUtf8& error) {
    cambium::bad_input("{}: byte {}: invalid UTF-8", text_from, error.offset());
  }
  return 0;
}
