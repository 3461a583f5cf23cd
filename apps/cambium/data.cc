#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "apps/cambium/lines.h"
#include "apps/cambium/options.h"
#include "apps/cambium/ranks.h"
#include "apps/cambium/token_colors.h"
#include "apps/cambium/verbs.h"
#include "cambium/base/cpu.h"
#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/progress.h"
#include "cambium/base/random.h"
#include "cambium/base/signals.h"
#include "cambium/data/dataset.h"
#include "cambium/data/prepare.h"
#include "cambium/data/synth/corpus.h"
#include "cambium/dist/environment.h"

namespace {

using cambium::format;
using cambium::format_bytes;
using cambium::format_count;
namespace data = cambium::data;

void print_splits(const data::Manifest& manifest) {
  for (const data::SplitInfo& split : manifest.splits) {
    const double per_token =
        split.tokens > 0 ? static_cast<double>(split.text_bytes) / static_cast<double>(split.tokens) : 0;
    print(format("  {:<6} {:>14} tokens  {:>10} documents  {:>9} of text  {:.2f} bytes a token\n", split.name,
                 format_count(split.tokens), format_count(split.documents),
                 format_bytes(static_cast<double>(split.text_bytes)), per_token));
  }
}

void print_skipped(const data::Manifest& manifest) {
  int64_t empty = 0, bad = 0, duplicate = 0;
  for (const data::InputInfo& input : manifest.inputs) {
    empty += input.empty_documents;
    bad += input.bad_lines;
    duplicate += input.duplicate_documents;
  }
  if (empty > 0) print(format("  skipped {} empty documents\n", format_count(empty)));
  if (duplicate > 0) print(format("  skipped {} documents that came before\n", format_count(duplicate)));
  if (bad > 0) print(format("  skipped {} bad lines\n", format_count(bad)));
}

/// The processes of a launcher, as a preparation sees them.
class LaunchedTeam : public data::PrepareTeam {
 public:
  explicit LaunchedTeam(cambium::dist::Group& group) : group_(group) {}

  int64_t rank() const override { return group_.rank(); }
  int64_t size() const override { return group_.size(); }
  void agree(const std::string& what, const std::string& value) override { group_.agree({{what, value}}); }
  std::string from_first(const std::string& text) override { return group_.from_first(text); }
  void hand_over(const std::string& bytes) override { group_.hand_to_first(bytes); }
  int64_t untaken() override { return group_.untaken(); }
  std::optional<std::string> take(int64_t rank) override { return group_.take_from(rank); }

 private:
  cambium::dist::Group& group_;
};

struct PrepareCommand {
  data::PrepareOptions options;
  std::string tokenizer, text_key = "text", text_template, input_format = "auto";
  double val_fraction = -1;
  std::string end_of_text;
  CLI::App* app;
  CLI::Option* val_option;

  explicit PrepareCommand(CLI::App& parent) {
    app = parent.add_subcommand("prepare", "turn text into a token dataset");
    app->footer(
        "Stopped or killed, the same command goes on where it was; the result is the same, bit for bit.\n"
        "Started by torchrun, srun or mpirun, several processes share the encoding; the result is that of one.");
    app->add_option(
           "INPUT", options.inputs,
           "files, folders, patterns (\"books/*.jsonl\"), or - for standard input: .txt, .md, .text (a document a "
           "file), .jsonl, .ndjson, .json (a document a line), each plain, .gz or .zst; .parquet (a document a row)")
        ->required()
        ->default_str("");
    add_input_options();
    add_output_options();
  }

  void add_input_options() {
    constexpr const char* kGroup = "Input";
    app->add_option("--tokenizer", tokenizer, "tokenizer.json or tokenizer.model, or the folder it lies in")
        ->required()
        ->group(kGroup);
    CLI::Option* const key =
        app->add_option("--text-key", text_key, "key of the text in JSON lines, or column of Parquet")->group(kGroup);
    app->add_option("--text-template", text_template,
                    "text made from several keys: \"{title}\\n{text}\" ({{ and }} for braces)")
        ->default_str("")
        ->excludes(key)
        ->group(kGroup);
    app->add_option("--input-format", input_format,
                    "what inputs are: auto (by name; standard input: jsonl), jsonl, text or parquet")
        ->group(kGroup);
    app->add_flag("--dedup", options.dedup, "leave out documents whose very text came before")->group(kGroup);
    app->add_flag("--skip-bad-lines", options.skip_bad_lines,
                  "skip and count bad JSON lines instead of stopping at the first")
        ->group(kGroup);
    app->add_option("--end-of-text", end_of_text, "token that ends each document (default: the tokenizer's own)")
        ->group(kGroup);
    val_option = app->add_option("--val-fraction", val_fraction,
                                 "share of the documents to hold out as split \"val\", chosen by their content "
                                 "(default: 0.005 of inputs of 2 MB and more, else 0)")
                     ->default_str("")
                     ->group(kGroup);
    app->add_option("--seed", options.seed, "seed of the choice of held-out documents")->group(kGroup);
  }

  void add_output_options() {
    constexpr const char* kGroup = "Output";
    app->add_option("--out", options.out, "folder to make")->required()->default_str("")->group(kGroup);
    app->add_flag("--force", options.replace, "replace an existing dataset")->group(kGroup);
    app->add_option("--shard-tokens", options.shard_tokens, "tokens a shard takes before a new one begins")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 40))
        ->group(kGroup);
    app->add_option("--workers", options.workers,
                    "threads; 0: as many as there are cores, divided by the processes on the machine. The result is "
                    "the same")
        ->check(CLI::NonNegativeNumber)
        ->group(kGroup);
  }

  int run() {
    options.text =
        text_template.empty() ? data::TextTemplate::field(text_key) : data::TextTemplate::parse(text_template);
    options.input_kind = data::parse_input_kind(input_format);
    if (val_option->count() > 0) options.val_fraction = val_fraction;
    if (!end_of_text.empty()) options.end_of_text = end_of_text;
    std::optional<cambium::StopRequest> stop;  // also while a rank that is done waits for the others
    return with_ranks([&](cambium::dist::Group& group) {
      group.agree({{"version of cambium", CAMBIUM_VERSION}});
      const auto loaded = cambium::text::Tokenizer::load(tokenizer);
      options.workers = cambium::thread_count(options.workers, cambium::dist::read_environment().local_size);
      stop.emplace();
      LaunchedTeam team(group);
      if (const std::optional<data::Manifest> manifest = data::prepare(loaded, options, team)) {
        print(format("{}\n", options.out.string()));
        print_splits(*manifest);
        print_skipped(*manifest);
      }
      return 0;
    });
  }
};

constexpr int64_t kMaxTemplateBytes = int64_t{1} << 20;

struct SynthCommand {
  std::string task, out, split = "train", templates;
  int64_t count = 1000;
  uint64_t seed = 1;
  bool list = false, print_templates = false;
  CLI::App* app;

  explicit SynthCommand(CLI::App& parent) {
    app = parent.add_subcommand("synth", "make synthetic data: reasoning primitives and the built-in corpus");
    app->add_option("--task", task, "a task, or the front part of several names (\"copy\"): these in turn");
    app->add_option("--count", count, "items to make")->check(CLI::PositiveNumber);
    app->add_option("--seed", seed, "the same seed gives the same items");
    app->add_option("--split", split,
                    "train or heldout: no item of one, nor the same with other names, is in the other");
    app->add_option("--out", out, "file of JSON lines to make");
    app->add_option("--templates", templates, "TOML file with another wording, other forms or sizes of the primitives")
        ->type_name("FILE")
        ->default_str("");
    app->add_flag("--print-templates", print_templates, "print the wording and sizes in use, as such a file");
    app->add_flag("--list", list, "name the tasks");
  }

  int run() const {
    const data::PrimitiveTemplates wording =
        templates.empty() ? data::published_templates()
                          : data::parse_templates(cambium::read_file(templates, kMaxTemplateBytes), templates);
    if (print_templates) {
      print(to_toml(wording));
      return 0;
    }
    const std::vector<data::SynthTask> tasks = data::synth_tasks_of(wording);
    if (list) {
      for (const data::SynthTask& known : tasks) print(format("{:<36} {}\n", known.name, known.about));
      return 0;
    }
    if (task.empty() || out.empty())
      cambium::bad_input("data synth: --task and --out are required (--list names the tasks)");
    const cambium::StopRequest stop;
    data::write_synth_jsonl(out, data::select_synth_tasks(task, tasks), count, seed, data::parse_synth_split(split));
    print(format("{}: {} items\n", out, format_count(count)));
    return 0;
  }
};

struct InfoCommand {
  std::string directory;
  bool json = false, verify = false;
  CLI::App* app;

  explicit InfoCommand(CLI::App& parent) {
    app = parent.add_subcommand("info", "counts and provenance of a token dataset");
    app->add_option("DIR", directory, "the dataset")->required();
    app->add_flag("--json", json, "the manifest as JSON");
    app->add_flag("--verify", verify, "re-hash every file first");
  }

  int run() const {
    if (verify) data::verify_dataset(directory);
    const data::Manifest manifest = data::read_manifest(directory);
    for (const data::SplitInfo& split : manifest.splits) data::TokenDataset::open(directory, split.name);
    if (json) {
      print(to_json(manifest).dump(2) + "\n");
      return 0;
    }
    print(format("{}{}\n", directory, verify ? ": every file is as it was written" : ""));
    print(format("  vocabulary {} (uint{}), end of text {}, tokenizer {}\n", format_count(manifest.vocab_size),
                 8 * manifest.token_bytes, manifest.end_of_text, manifest.tokenizer_hash));
    print_splits(manifest);
    print_skipped(manifest);
    for (const auto& [key, value] : manifest.settings.items()) print(format("  {}: {}\n", key, value.dump()));
    print("sources\n");
    for (const data::InputInfo& input : manifest.inputs) {
      print(format("  {:>9}  {:>10} documents  {}\n", format_bytes(static_cast<double>(input.bytes)),
                   format_count(input.documents), input.path));
    }
    return 0;
  }
};

struct ShowCommand {
  std::string directory, split = "train", color = "auto";
  int64_t count = 3, length = 256;
  uint64_t seed = 1;
  bool in_order = false;
  CLI::App* app;

  explicit ShowCommand(CLI::App& parent) {
    app = parent.add_subcommand("show", "windows of a token dataset, decoded, as a model sees them");
    app->add_option("DIR", directory, "the dataset")->required();
    app->add_option("-n", count, "windows to show")->check(CLI::PositiveNumber);
    app->add_option("--length", length, "tokens of a window")->check(CLI::PositiveNumber);
    app->add_option("--split", split, "train or val");
    app->add_option("--seed", seed, "seed of the choice");
    app->add_flag("--in-order", in_order, "the first windows instead of random ones");
    app->add_option("--color", color, "a colour for every token: auto (on a terminal), always or never")
        ->check(CLI::IsMember({"auto", "always", "never"}));
  }

  int run() const {
    const auto dataset = data::TokenDataset::open(directory, split);
    const auto tokenizer = cambium::text::Tokenizer::load(dataset.directory());
    // The last window may be short: a small dataset is shown as well.
    const int64_t windows = (dataset.num_tokens() + length - 1) / length;
    if (windows == 0) cambium::bad_input("{}: split `{}` is empty", directory, split);
    const cambium::KeyedPermutation order(static_cast<uint64_t>(windows), seed);
    for (int64_t i = 0; i < std::min(count, windows); ++i) {
      const int64_t window = in_order ? i : static_cast<int64_t>(order(static_cast<uint64_t>(i)));
      const int64_t begin = window * length, end = std::min(begin + length, dataset.num_tokens());
      std::vector<int32_t> ids(static_cast<size_t>(end - begin));
      dataset.read(begin, ids);
      const bool colors = color == "always" || (color == "auto" && output_takes_colors());
      print(format("--- window {} of {}: tokens {} to {}\n{}\n", window, windows, begin, end - 1,
                   colors ? colored(tokenizer, ids, dataset.end_of_text()) : tokenizer.decode(ids)));
    }
    return 0;
  }
};

}  // namespace

int data_main(int argc, char** argv) {
  CLI::App app("Prepares, makes and shows training data.");
  app.require_subcommand(1);
  app.option_defaults()->always_capture_default();  // taken over by the subcommands below
  PrepareCommand prepare(app);
  SynthCommand synth(app);
  InfoCommand info(app);
  ShowCommand show(app);
  if (const auto code = parse_options(app, argc, argv)) return *code;
  if (*prepare.app) return prepare.run();
  if (*synth.app) return synth.run();
  if (*info.app) return info.run();
  return show.run();
}
