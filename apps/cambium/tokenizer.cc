#include "cambium/text/tokenizer.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "apps/cambium/encode_lines.h"
#include "apps/cambium/lines.h"
#include "apps/cambium/options.h"
#include "apps/cambium/verbs.h"
#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/log.h"
#include "cambium/base/progress.h"
#include "cambium/base/signals.h"
#include "cambium/data/count_words.h"
#include "cambium/formats/json.h"
#include "cambium/formats/streams.h"
#include "cambium/text/bpe_trainer.h"
#include "cambium/text/utf8.h"
#include "cambium/text/word_counter.h"

namespace {

namespace fs = std::filesystem;
using cambium::bad_input;
using cambium::format;
using cambium::formats::Json;
using cambium::text::Tokenizer;

/// Calls `on_line(line, place)` for every line of a file; place is "file:line", for messages.
template <typename OnLine>
void for_each_line(const fs::path& path, OnLine&& on_line) {
  cambium::formats::LineReader lines(cambium::formats::open_input(path), shown(path));
  for (std::string line; lines.next(line);) {
    on_line(line, format("{}:{}", shown(path), lines.line_number()));
  }
}

// --- encode ----------------------------------------------------------------------------------------------------------

void encode_whole(const Tokenizer& tokenizer, const fs::path& input) {
  std::vector<int32_t> ids;
  const std::string text = cambium::formats::read_input(input);
  try {
    tokenizer.encode(text, ids);
  } catch (const cambium::text::InvalidUtf8& error) {
    bad_input("{}: byte {}: invalid UTF-8", shown(input), error.offset());
  }
  std::string line;
  append_ids(ids, line);
  print(line);
}

// --- decode ----------------------------------------------------------------------------------------------------------

std::string decode_array(const Tokenizer& tokenizer, const std::string& array, const std::string& place) {
  const Json json = cambium::formats::parse_json(array, place);
  if (!json.is_array()) {
    bad_input("{}: expected an array of ids, found {}", place, json.type_name());
  }
  std::vector<int32_t> ids;
  for (const Json& id : json) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() >= static_cast<uint64_t>(tokenizer.vocab_size())) {
      bad_input("{}: id {} at place {}: expected a number below {}", place, id.dump(), ids.size(),
                tokenizer.vocab_size());
    }
    ids.push_back(id.get<int32_t>());
  }
  return tokenizer.decode(ids);
}

void decode(const Tokenizer& tokenizer, const fs::path& input, bool jsonl) {
  if (!jsonl) {
    print(decode_array(tokenizer, cambium::formats::read_input(input), shown(input)));
    return;
  }
  for_each_line(input, [&](const std::string& line, const std::string& place) {
    const std::string text = decode_array(tokenizer, line, place);
    print(Json({{"text", cambium::text::replace_invalid_utf8(text)}}).dump() + "\n");
  });
}

// --- train -----------------------------------------------------------------------------------------------------------

struct TrainOptions {
  cambium::text::BpeTraining training;
  fs::path out;
  std::vector<fs::path> inputs;
  std::string text_key = "text";
  bool skip_bad_lines = false;
  int workers = 0;
};

void train_tokenizer(const TrainOptions& options) {
  const cambium::StopRequest stop;
  const cambium::data::FoundInputs found = cambium::data::find_inputs(options.inputs);
  const cambium::data::CountedWords counted =
      cambium::data::count_words(found.files, {.text = cambium::data::TextTemplate::field(options.text_key),
                                               .skip_bad_lines = options.skip_bad_lines,
                                               .workers = options.workers});
  if (counted.bad.count > 0) {
    cambium::log_warning(
        format("skipped {} bad lines; the first: {}", cambium::format_count(counted.bad.count), counted.bad.first));
  }
  cambium::Progress progress("merging pairs", options.training.vocab_size, "entries");
  const cambium::text::TrainedBpe trained =
      cambium::text::train_bpe(counted.counts, options.training, [&](int64_t entries) {
        cambium::StopRequest::throw_if_asked();
        progress.update(entries);
      });
  progress.finish();
  const std::string json = cambium::text::to_tokenizer_json(trained);
  const Tokenizer check = Tokenizer::parse(json, options.out.string());
  cambium::write_file_atomic(options.out, json);
  print(format("{}: {} entries from {} of text in {} files ({} distinct words)\n", options.out.string(),
               cambium::format_count(check.vocab_size()),
               cambium::format_bytes(static_cast<double>(counted.text_bytes)), found.files.size(),
               cambium::format_count(static_cast<int64_t>(counted.counts.size()))));
}

struct CodeOptions {
  fs::path tokenizer;
  fs::path input = "-";
  bool jsonl = false;
  int workers = 0;  ///< 0: as many as there are cores
};

CLI::App* add_train(CLI::App& app, TrainOptions& options) {
  CLI::App* const command = app.add_subcommand("train", "train a byte-level BPE tokenizer");
  command
      ->add_option("INPUT", options.inputs,
                   "Text or JSON lines, plain, .gz or .zst, or Parquet: files, folders or patterns")
      ->required();
  command
      ->add_option("--vocab-size", options.training.vocab_size,
                   "Entries in all: <|endoftext|>, the 256 bytes, and merges")
      ->required()
      ->check(CLI::Range(1, 1 << 24));
  command->add_option("--out", options.out, "The tokenizer.json to write")->required();
  command->add_option("--text-key", options.text_key, "Key of the text in JSON lines")->capture_default_str();
  command->add_flag("--skip-bad-lines", options.skip_bad_lines, "Count bad lines of JSON lines instead of stopping");
  command->add_option("--workers", options.workers, "Threads; 0: as many as there are cores. The result is the same")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  return command;
}

CLI::App* add_code(CLI::App& app, CodeOptions& options, const char* name, const char* does, const char* jsonl) {
  CLI::App* const command = app.add_subcommand(name, does);
  command
      ->add_option("--tokenizer", options.tokenizer,
                   "A tokenizer.json or tokenizer.model, or the folder that holds one")
      ->required();
  command->add_flag("--jsonl", options.jsonl, jsonl);
  command->add_option("FILE", options.input, "Input, plain, gzip or zstd; - is standard input")->capture_default_str();
  return command;
}

}  // namespace

int tokenizer_main(int argc, char** argv) {
  CLI::App app("Trains tokenizers, turns text into ids and ids into text.");
  app.require_subcommand(1);
  TrainOptions train_options;
  CodeOptions encode_options;
  CodeOptions decode_options;
  const CLI::App* const train_command = add_train(app, train_options);
  CLI::App* const encode_command =
      add_code(app, encode_options, "encode", "print the ids of a text, as a JSON array",
               "Each line of the input is {\"text\": ...}; one array a line comes out (else the input is one text)");
  encode_command
      ->add_option("--workers", encode_options.workers,
                   "Threads, with --jsonl; 0: as many as there are cores. The output is the same")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_code(app, decode_options, "decode", "print the text of ids",
           "Each line of the input is an array; one {\"text\": ...} a line comes out (else the input is one array)");
  if (const std::optional<int> code = parse_options(app, argc, argv)) {
    return *code;
  }
  if (train_command->parsed()) {
    train_tokenizer(train_options);
    return 0;
  }
  const CodeOptions& options = encode_command->parsed() ? encode_options : decode_options;
  const Tokenizer tokenizer = Tokenizer::load(options.tokenizer);
  if (!encode_command->parsed()) {
    decode(tokenizer, options.input, options.jsonl);
  } else if (options.jsonl) {
    encode_lines(tokenizer, options.input, options.workers);
  } else {
    encode_whole(tokenizer, options.input);
  }
  return 0;
}
