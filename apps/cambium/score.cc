#include "cambium/model/score.h"

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <numbers>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "apps/cambium/lines.h"
#include "apps/cambium/model_dir.h"
#include "apps/cambium/options.h"
#include "apps/cambium/verbs.h"
#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/progress.h"
#include "cambium/base/rename.h"
#include "cambium/formats/json.h"
#include "cambium/formats/streams.h"
#include "cambium/model/hugging_face.h"
#include "cambium/text/tokenizer.h"

namespace {

namespace fs = std::filesystem;
using cambium::formats::Json;

/// One line of the input.
struct Item {
  std::vector<int32_t> ids;
  std::optional<int64_t> bytes;  ///< of its text; unknown for ids without a tokenizer
};

/// Reads `{"text": ...}` and `{"ids": [...]}` lines; loads the model's tokenizer when the first text asks for it.
class ItemReader {
 public:
  ItemReader(fs::path model, int64_t vocab_size) : model_(std::move(model)), vocab_size_(vocab_size) {
    if (cambium::text::Tokenizer::find(model_)) {
      tokenizer_.emplace(cambium::text::Tokenizer::load(model_));
    }
  }

  Item read(const std::string& line, const std::string& what) const {
    const Json json = cambium::formats::parse_json(line, what);
    const bool has_text = json.is_object() && json.contains("text"), has_ids = json.is_object() && json.contains("ids");
    if (has_text == has_ids) {
      cambium::bad_input("{}: expected an object with either `text` or `ids`", what);
    }
    Item item;
    if (has_text) {
      const std::string text = cambium::formats::JsonView(json, what).string("text");
      if (!tokenizer_) {
        cambium::bad_input("{}: text needs a tokenizer, but {} holds no tokenizer.json or tokenizer.model", what,
                           model_.string());
      }
      tokenizer_->encode(text, item.ids);
      item.bytes = static_cast<int64_t>(text.size());
    } else {
      item.ids = ids_of(json["ids"], what);
      if (tokenizer_ && vocab_size_ <= tokenizer_->vocab_size()) {
        item.bytes = static_cast<int64_t>(tokenizer_->decode(item.ids).size());
      }
    }
    if (item.ids.empty()) {
      cambium::bad_input("{}: expected at least one token, found none", what);
    }
    check_vocabulary(item.ids, what);
    return item;
  }

 private:
  std::vector<int32_t> ids_of(const Json& list, const std::string& what) const {
    if (!list.is_array()) {
      cambium::bad_input("{}: `ids`: expected a list of token ids, found {}", what, list.type_name());
    }
    std::vector<int32_t> ids;
    for (const Json& id : list) {
      const bool fits = id.is_number_unsigned() ? id.get<uint64_t>() < static_cast<uint64_t>(vocab_size_) : false;
      if (!fits) {
        cambium::bad_input("{}: `ids`: expected ids below the vocabulary of {}, found {}", what, vocab_size_,
                           id.dump());
      }
      ids.push_back(id.get<int32_t>());
    }
    return ids;
  }

  void check_vocabulary(const std::vector<int32_t>& ids, const std::string& what) const {
    for (const int32_t id : ids) {
      if (id >= vocab_size_) {
        cambium::bad_input("{}: the tokenizer gives id {}, but the model's vocabulary is {}", what, id, vocab_size_);
      }
    }
  }

  fs::path model_;
  int64_t vocab_size_;
  std::optional<cambium::text::Tokenizer> tokenizer_;
};

/// Sums over all lines.
struct Totals {
  int64_t tokens = 0, bytes = 0;
  bool bytes_known = true;
  double nll = 0;

  Json json() const {
    const double per_token = tokens == 0 ? 0 : nll / static_cast<double>(tokens);
    Json line{{"tokens", tokens}, {"nll", per_token}, {"perplexity", std::exp(per_token)}, {"bits_per_byte", nullptr}};
    if (bytes_known && bytes > 0) {
      line["bits_per_byte"] = nll / std::numbers::ln2 / static_cast<double>(bytes);
    }
    return line;
  }
};

Json result_line(const Item& item, const cambium::model::LogProbs& log_probs, Totals& totals) {
  const double nll = 0.0 - std::accumulate(log_probs.begin(), log_probs.end(), 0.0);
  totals.tokens += static_cast<int64_t>(log_probs.size());
  totals.nll += nll;
  totals.bytes += item.bytes.value_or(0);
  totals.bytes_known = totals.bytes_known && item.bytes.has_value();
  Json values = Json::array({nullptr});
  for (const float value : log_probs) {
    values.push_back(value);
  }
  return {{"ids", item.ids}, {"logprobs", values}, {"nll", nll}, {"tokens", log_probs.size()}};
}

/// Where the lines go: a file that appears when it is complete, or stdout.
class Output {
 public:
  explicit Output(const std::string& path) : path_(path) {
    if (!path.empty()) {
      file_.emplace(partial());
    }
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() {
    std::error_code ignored;
    if (file_) {
      fs::remove(partial(), ignored);
    }
  }
  void line(const Json& json) {
    const std::string text = json.dump() + "\n";
    if (file_) {
      file_->write(text);
    } else {
      print(text);
    }
  }
  void finish() {
    if (file_) {
      file_->close(/*sync=*/true);
      cambium::rename_path(partial(), path_);
      file_.reset();
    }
  }

 private:
  fs::path partial() const { return path_.string() + ".partial"; }
  fs::path path_;
  std::optional<cambium::FileWriter> file_;
};

}  // namespace

int score_main(int argc, char** argv) {
  CLI::App app("Gives the log-probability (nats) of every token of texts or of token ids.");
  std::string model_directory, input, out, order, precision = "float32";
  int64_t batch_tokens = 4096;
  app.add_option("MODEL", model_directory, "Model directory")->required()->type_name("DIR");
  app.add_option("--input", input, "JSON lines {\"text\": ...} or {\"ids\": [...]}; - reads standard input")
      ->required()
      ->type_name("FILE");
  app.add_option("--out", out, "Where the result lines go; without it, to stdout")->type_name("FILE");
  app.add_option("--precision", precision, "float32 or bfloat16")->check(CLI::IsMember({"float32", "bfloat16"}));
  app.add_option("--batch-tokens", batch_tokens, "Padded tokens of a batch")->check(CLI::PositiveNumber);
  app.add_option("--order", order, kOrderHelp)->type_name("LAYERS");
  if (const auto exit_code = parse_options(app, argc, argv)) {
    return *exit_code;
  }
  using namespace cambium;
  constexpr size_t kLinesAtOnce = 4096;  // sorted by length among themselves
  auto model = load_model(model_directory, precision, order);
  model::Forward forward(model);
  const ItemReader reader(model_directory, model.config.vocab_size);
  formats::LineReader lines(formats::open_input(input), input);
  Output output(out);
  Totals totals;
  Progress progress("scoring", 0, "lines");
  int64_t done = 0;
  std::string line;
  for (bool more = true; more;) {
    std::vector<Item> items;
    while (items.size() < kLinesAtOnce && (more = lines.next(line))) {
      items.push_back(reader.read(line, format("{}: line {}", input, lines.line_number())));
    }
    std::vector<std::vector<int32_t>> sequences;
    for (const Item& item : items) {
      sequences.push_back(item.ids);
    }
    const auto results = model::score_sequences(model, forward, sequences, batch_tokens,
                                                [&](int64_t scored) { progress.update(done + scored); });
    for (size_t i = 0; i < items.size(); ++i) {
      output.line(result_line(items[i], results[i], totals));
    }
    done += static_cast<int64_t>(items.size());
  }
  if (done == 0) {
    bad_input("{}: empty: expected at least one line", input);
  }
  progress.finish();
  output.finish();
  std::printf("%s\n", totals.json().dump().c_str());
  return static_cast<int>(ExitCode::kDone);
}
