#include <algorithm>
#include <string>

#include "apps/cambium/inspect_json.h"
#include "apps/cambium/lines.h"
#include "apps/cambium/options.h"
#include "apps/cambium/verbs.h"
#include "cambium/base/format.h"
#include "cambium/base/progress.h"
#include "cambium/train/record/events.h"

namespace {

using cambium::format;
using cambium::format_bytes;
using cambium::format_count;
using cambium::formats::Json;

void row(const std::string& name, const std::string& text) { print(format("  {:<11} {}\n", name, text)); }

std::string count(const Json& json, const char* key) { return format_count(json[key].get<int64_t>()); }

void print_model(const Json& json) {
  row("parameters", count(json, "parameters"));
  row("layers", format("{} of hidden size {}, ffn {}", count(json, "num_hidden_layers"), count(json, "hidden_size"),
                       count(json, "intermediate_size")));
  row("heads", format("{} of size {}, {} for keys and values", count(json, "num_attention_heads"),
                      count(json, "head_dim"), count(json, "num_key_value_heads")));
  row("vocabulary",
      format("{}, {} head", count(json, "vocab_size"), json["tie_word_embeddings"].get<bool>() ? "tied" : "untied"));
  row("positions", format("{}, rotary base {}, {}", count(json, "max_position_embeddings"),
                          json["rope_theta"].get<double>(), json["rope_type"].get<std::string>()));
  if (!json["loop"].is_null()) {
    row("loop", format("layers {} run {} times", json["loop"]["layers"].dump(), json["loop"]["times"].dump()));
  }
  if (json["layer_norm_scaling"].get<bool>()) {
    row("norms", "LN-Scaling; `cambium convert` folds it into the weights");
  }
  std::string dtypes;
  for (const auto& [dtype, weights] : json["dtypes"].items()) {
    dtypes += (dtypes.empty() ? "" : ", ") + dtype;
  }
  row("stored",
      format("{}, {} tensors, {}; {}", dtypes, count(json, "tensors"), format_bytes(json["bytes"].get<double>()),
             json["tokenizer"].get<bool>() ? "with its tokenizer" : "no tokenizer"));
}

void print_ancestors(const Json& chain) {
  for (size_t i = 0; i < chain.size(); ++i) {
    row(i == 0 ? "branched" : "",
        format("{}from {} after step {}{}", std::string(2 * i, ' '), chain[i]["from"].get<std::string>(),
               count(chain[i], "step"), chain[i]["there"].get<bool>() ? "" : " (not there any more)"));
  }
}

/// The runs that were branched from a run, as a tree.
void print_branches(const Json& branches, size_t depth) {
  for (const Json& branch : branches) {
    print(format("  {}└ {} branches off after step {}\n", std::string(2 * depth, ' '), branch["run"].get<std::string>(),
                 count(branch, "step")));
    print_branches(branch["branches"], depth + 1);
  }
}

void print_training(const Json& json) {
  row("trained",
      format("{} steps, {} tokens, seed {}", count(json, "step"), count(json, "tokens"), json["seed"].dump()));
  row("optimizer", json["optimizer"].get<bool>() ? "AdamW's moments" : "none");
  for (const Json& source : json["data"]) {
    row("data", format("{}: {} windows, {} tokens", source["source"].get<std::string>(), count(source, "windows"),
                       count(source, "tokens")));
  }
  for (const Json& growth : json["growth"]) {
    row("growth", format("after step {}: {}", count(growth, "step"),
                         describe(cambium::train::growth_record_from_json(growth, "trainer.json"))));
  }
  for (const Json& event : json["symmetrized"]) {
    row("symmetrize", format("after step {}: strength {}, control {}, blocks of {}: {}", count(event, "step"),
                             event["strength"].get<double>(), event["control"].get<std::string>(),
                             event["block_size"].dump(), event["pairs"].dump()));
  }
  print_ancestors(json["branched_from"]);
  for (const Json& layer : json["layers"]) {
    const bool initial = layer["since_step"].is_null();
    row(layer["layer"] == 0 ? "lineage" : "",
        format("layer {:>3}: {}{}", layer["layer"].get<int64_t>(),
               layer["from"].is_null() ? "drawn anew" : format("initial layer {}", layer["from"].dump()),
               initial ? "" : format(", made after step {}", count(layer, "since_step"))));
  }
}

void print_dataset(const Json& json) {
  row("vocabulary", format("{}, end of text {}", count(json, "vocab_size"), json["end_of_text"].dump()));
  for (const auto& [name, split] : json["splits"].items()) {
    row(name, format("{} tokens, {} documents", count(split, "tokens"), count(split, "documents")));
  }
  row("more", "`cambium data info` prints the sources, `cambium data show` samples");
}

void print_lens(const Json& json) {
  row("translators", format("{} of hidden size {}, {}", count(json, "layers"), count(json, "hidden_size"),
                            format_bytes(json["bytes"].get<double>())));
  row("for", json["unembedding_hash"].is_null()
                 ? "any model of this shape (no hash of an unembedding)"
                 : format("the model whose unembedding has the hash {}", json["unembedding_hash"].get<std::string>()));
}

void print_run(const Json& json) {
  print_ancestors(json["branched_from"]);
  for (const Json& checkpoint : json["checkpoints"]) {
    print(format("  {:<22} {:>12} tokens  {:>3} layers  {:>14} parameters\n", checkpoint["name"].get<std::string>(),
                 count(checkpoint, "tokens"), checkpoint["num_hidden_layers"].get<int64_t>(),
                 count(checkpoint, "parameters")));
  }
  if (json["checkpoints"].empty()) {
    print("  no complete checkpoint\n");
  }
  print_branches(json["branches"], 0);
}

void print_verified(const Json& json) {
  if (json["kind"] == "lens") {
    row("verified", "every number was read (lenses hold no hash of their own)");
  } else if (json["kind"] == "model") {
    row("verified", "every tensor was read (a plain model holds no hashes to compare with)");
  } else {
    row("verified", "every file is as it was written");
  }
}

}  // namespace

int inspect_main(int argc, char** argv) {
  CLI::App app("Tells what a model directory, a checkpoint, a dataset, a run or a folder of lenses is.");
  std::string directory;
  bool verify = false, as_json = false;
  app.add_option("DIR", directory, "The directory")->required()->type_name("DIR");
  app.add_flag("--verify", verify, "Re-hash every file; exit code 2 names the first that differs");
  app.add_flag("--json", as_json, "One JSON object");
  if (const auto exit_code = parse_options(app, argc, argv)) {
    return *exit_code;
  }
  const Json json = inspect_directory(directory, verify);
  if (as_json) {
    print(json.dump(2) + "\n");
    return 0;
  }
  const auto kind = json["kind"].get<std::string>();
  print(format("{}: a {}\n", directory, kind));
  if (kind == "dataset") {
    print_dataset(json);
  } else if (kind == "lens") {
    print_lens(json);
  } else if (kind == "run") {
    print_run(json);
  } else {
    print_model(json);
    if (kind == "checkpoint") {
      print_training(json);
    }
  }
  if (verify) {
    print_verified(json);
  }
  return 0;
}
