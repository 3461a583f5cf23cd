#include <algorithm>
#include <cstdio>
#include <string>

#include "apps/cambium/inspect_json.h"
#include "apps/cambium/options.h"
#include "apps/cambium/verbs.h"
#include "cambium/base/format.h"
#include "cambium/base/progress.h"

namespace {

using cambium::format;
using cambium::format_bytes;
using cambium::format_count;
using cambium::formats::Json;

void row(const std::string& name, const std::string& text) {
  std::fputs(format("  {:<11} {}\n", name, text).c_str(), stdout);
}

std::string count(const Json& json, const char* key) { return format_count(json[key].get<int64_t>()); }

std::string list(const Json& values) {
  std::string text;
  for (const Json& value : values) {
    text += (text.empty() ? "" : ", ") + value.dump();
  }
  return text;
}

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
  if (json["layer_norm_scaling"].get<bool>()) {
    row("norms", "LN-Scaling; `cambium convert` folds it into the weights");
  }
  std::string dtypes;
  for (const auto& [dtype, weights] : json["dtypes"].items()) {
    dtypes += (dtypes.empty() ? "" : ", ") + dtype;
  }
  row("stored",
      format("{}, {} tensors, {}; {}", dtypes, count(json, "tensors"), format_bytes(json["bytes"].get<double>()),
             json["tokenizer"].get<bool>() ? "with tokenizer.json" : "no tokenizer.json"));
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
    row("growth", format("after step {}: {}, {} -> {} layers, copies of {} inserted at {}, moments {}",
                         count(growth, "step"), growth["operator"].get<std::string>(), growth["from_layers"].dump(),
                         growth["to_layers"].dump(), list(growth["sources"]), growth["insert_at"].dump(),
                         growth["moments"] == "copy" ? "copied" : growth["moments"].get<std::string>()));
  }
  for (const Json& layer : json["layers"]) {
    const bool initial = layer["since_step"].is_null();
    row(layer["layer"] == 0 ? "lineage" : "",
        format("layer {:>3}: initial layer {}{}", layer["layer"].get<int64_t>(), layer["from"].dump(),
               initial ? "" : format(", copied after step {}", count(layer, "since_step"))));
  }
}

void print_dataset(const Json& json) {
  row("vocabulary", format("{}, end of text {}", count(json, "vocab_size"), json["end_of_text"].dump()));
  for (const auto& [name, split] : json["splits"].items()) {
    row(name, format("{} tokens, {} documents", count(split, "tokens"), count(split, "documents")));
  }
  row("more", "`cambium data info` prints the sources, `cambium data show` samples");
}

void print_run(const Json& json) {
  for (const Json& checkpoint : json["checkpoints"]) {
    std::fputs(format("  {:<22} {:>12} tokens  {:>3} layers  {:>14} parameters\n",
                      checkpoint["name"].get<std::string>(), count(checkpoint, "tokens"),
                      checkpoint["num_hidden_layers"].get<int64_t>(), count(checkpoint, "parameters"))
                   .c_str(),
               stdout);
  }
  if (json["checkpoints"].empty()) {
    std::fputs("  no complete checkpoint\n", stdout);
  }
}

void print_verified(const Json& json) {
  if (json["kind"] == "model") {
    row("verified", "every tensor was read (a plain model holds no hashes to compare with)");
  } else {
    row("verified", "every file is as it was written");
  }
}

}  // namespace

int inspect_main(int argc, char** argv) {
  CLI::App app("Tells what a model directory, a checkpoint, a dataset or a run is.");
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
    std::fputs((json.dump(2) + "\n").c_str(), stdout);
    return 0;
  }
  const auto kind = json["kind"].get<std::string>();
  std::fputs(format("{}: a {}\n", directory, kind).c_str(), stdout);
  if (kind == "dataset") {
    print_dataset(json);
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
