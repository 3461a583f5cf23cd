#include "apps/cambium/inspect_json.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/cambium/ancestors.h"
#include "apps/cambium/model_dir.h"
#include "cambium/analysis/lens.h"
#include "cambium/base/error.h"
#include "cambium/data/dataset.h"
#include "cambium/data/manifest.h"
#include "cambium/formats/safetensors.h"
#include "cambium/model/hugging_face.h"
#include "cambium/text/tokenizer.h"
#include "cambium/train/checkpoint.h"
#include "cambium/train/record/manifest.h"

namespace fs = std::filesystem;
using cambium::formats::Json;
using cambium::formats::TensorInfo;
using cambium::model::ModelConfig;
using cambium::train::GrowthRecord;
namespace {

Json describe_model(const ModelConfig& config) {
  return {
      {"parameters", config.parameters()},
      {"num_hidden_layers", config.num_hidden_layers},
      {"hidden_size", config.hidden_size},
      {"intermediate_size", config.intermediate_size},
      {"num_attention_heads", config.num_attention_heads},
      {"num_key_value_heads", config.num_key_value_heads},
      {"head_dim", config.head_dim()},
      {"vocab_size", config.vocab_size},
      {"max_position_embeddings", config.max_position_embeddings},
      {"rope_theta", config.rope_theta},
      {"rope_type", config.rope_scaling ? "llama3" : "default"},
      {"tie_word_embeddings", config.tie_word_embeddings},
      {"layer_norm_scaling", config.layer_norm_scaling},
      {"loop", config.loop ? Json{{"layers", {config.loop->first, config.loop->last}}, {"times", config.loop->times}}
                           : Json(nullptr)}};
}

void check_slots(const cambium::model::BlockLayout& layout, const std::string& prefix, const std::string& directory,
                 const std::map<std::string, TensorInfo>& stored) {
  for (const cambium::model::Slot& slot : layout.slots) {
    const auto found = stored.find(prefix + slot.name);
    if (found == stored.end()) {
      cambium::bad_input("{}: tensor `{}` is missing", directory, prefix + slot.name);
    }
    if (found->second.shape != slot.shape) {
      cambium::bad_input("{}: tensor `{}`: expected shape {}, found {}", directory, prefix + slot.name,
                         cambium::formats::shape_text(slot.shape), cambium::formats::shape_text(found->second.shape));
    }
  }
}

/// Adds what the weight files say of themselves, after holding it against config.json.
void describe_weights(const fs::path& directory, const ModelConfig& config, Json& json) {
  const std::map<std::string, TensorInfo> stored = cambium::model::stored_tensors(directory);
  check_slots(embedding_layout(config), "", directory.string(), stored);
  const cambium::model::BlockLayout layer = layer_layout(config);
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
    check_slots(layer, cambium::model::layer_prefix(i), directory.string(), stored);
  }
  check_slots(head_layout(config), "", directory.string(), stored);

  std::map<std::string, int64_t> dtypes;
  int64_t bytes = 0;
  for (const auto& [name, info] : stored) {
    dtypes[std::string(cambium::formats::dtype_name(info.dtype))] += info.numel();
    bytes += info.end - info.begin;
  }
  const auto more = [](const auto& a, const auto& b) { return a.second < b.second; };
  json["dtype"] = std::max_element(dtypes.begin(), dtypes.end(), more)->first;
  json["dtypes"] = dtypes;
  json["tensors"] = stored.size();
  json["bytes"] = bytes;
}

/// The checkpoints that a run was branched from, the nearest first, as far as they can still be found.
Json describe_branches(std::optional<cambium::train::Branch> branch) {
  constexpr size_t kDeepest = 64;
  Json chain = Json::array();
  while (branch && chain.size() < kDeepest) {
    const fs::path from = branch->from;
    const bool there = is_checkpoint(from);
    chain.push_back(
        {{"from", branch->from}, {"step", branch->step}, {"model_hash", branch->model_hash}, {"there", there}});
    branch.reset();
    if (there) {
      const auto layers = cambium::model::read_model_config(from).num_hidden_layers;
      branch = cambium::train::read_trainer_file(from, layers).record.branch;
    }
  }
  return chain;
}

/// For every layer the initial layer that it descends from and the step at which it was inserted.
Json describe_lineage(const cambium::train::TrainRecord& record, const std::string& file) {
  std::vector<int64_t> since;
  for (const GrowthRecord& grown : record.growths) {
    const cambium::growth::Growth& growth = grown.event.growth;
    if (since.empty()) {
      since.assign(static_cast<size_t>(grown.event.from_layers), -1);
    }
    if (since.size() != static_cast<size_t>(grown.event.from_layers) ||
        since.size() + growth.sources.size() != static_cast<size_t>(grown.event.to_layers)) {
      cambium::bad_input("{}: key `growth`: expected growths that follow from each other, found {} -> {} layers", file,
                         grown.event.from_layers, grown.event.to_layers);
    }
    for (size_t i = 0; i < growth.sources.size(); ++i) {
      since.insert(since.begin() + growth.place(i), grown.event.step);
    }
  }
  since.resize(record.growths.empty() ? record.lineage.size() : since.size(), -1);
  if (since.size() != record.lineage.size()) {
    cambium::bad_input("{}: key `growth`: expected growths that lead to {} layers, found {}", file,
                       record.lineage.size(), since.size());
  }
  Json layers = Json::array();
  for (size_t layer = 0; layer < since.size(); ++layer) {
    layers.push_back({{"layer", layer},
                      {"from", ancestor(record.lineage[layer])},
                      {"since_step", since[layer] < 0 ? Json(nullptr) : Json(since[layer])}});
  }
  return layers;
}

void describe_training(const fs::path& directory, int64_t layers, Json& json) {
  const cambium::train::TrainerFile trainer = cambium::train::read_trainer_file(directory, layers);
  json["step"] = trainer.record.step;
  json["tokens"] = trainer.record.tokens;
  json["seed"] = trainer.seed;
  json["optimizer"] = cambium::train::has_optimizer(directory);
  json["data"] = Json::array();
  for (const cambium::train::DataPosition& source : trainer.position) {
    json["data"].push_back({{"source", source.source}, {"windows", source.windows}, {"tokens", source.tokens}});
  }
  json["growth"] = Json::array();
  for (const GrowthRecord& record : trainer.record.growths) {
    json["growth"].push_back(to_json(record));
  }
  json["symmetrized"] = Json::array();
  for (const cambium::growth::SymmetrizeEvent& event : trainer.record.symmetrized) {
    json["symmetrized"].push_back(cambium::train::to_json(event));
  }
  json["branched_from"] = describe_branches(trainer.record.branch);
  json["lineage"] = ancestors(trainer.record.lineage);
  json["layers"] = describe_lineage(trainer.record, (directory / "trainer.json").string());
}

Json inspect_model(const fs::path& directory, bool verify) {
  const ModelConfig config = cambium::model::read_model_config(directory);
  const bool ours = is_checkpoint(directory);
  Json json{{"kind", ours ? "checkpoint" : "model"}, {"path", directory.string()}, {"verified", verify}};
  json.update(describe_model(config));
  if (ours) {
    const std::string wrong = cambium::train::check_manifest(directory, verify);
    if (!wrong.empty()) {
      cambium::bad_input("{}", wrong);
    }
  }
  describe_weights(directory, config, json);
  if (ours) {
    describe_training(directory, config.num_hidden_layers, json);
  }
  if (verify) {
    cambium::model::read_parameters(directory, config);  // every weight is there and a number
  }
  json["tokenizer"] = cambium::text::Tokenizer::find(directory).has_value();
  return json;
}

Json inspect_dataset(const fs::path& directory, bool verify) {
  if (verify) {
    cambium::data::verify_dataset(directory);
  }
  const cambium::data::Manifest manifest = cambium::data::read_manifest(directory);
  for (const cambium::data::SplitInfo& split : manifest.splits) {
    cambium::data::TokenDataset::open(directory, split.name);  // names, counts and sizes
  }
  Json json{{"kind", "dataset"}, {"path", directory.string()}, {"verified", verify}};
  json.update(to_json(manifest));
  return json;
}

/// The branch of the run that a directory holds, by its newest checkpoint.
std::optional<cambium::train::Branch> branch_of_run(const fs::path& directory) {
  const std::vector<fs::path> checkpoints = cambium::train::list_checkpoints(directory);
  if (checkpoints.empty()) {
    return std::nullopt;
  }
  const auto layers = cambium::model::read_model_config(checkpoints.back()).num_hidden_layers;
  return cambium::train::read_trainer_file(checkpoints.back(), layers).record.branch;
}

/// Runs beside this one that were branched from its checkpoints, with those branched from them.
Json describe_children(const fs::path& directory, int depth = 0) {
  constexpr int kDeepest = 16;
  Json children = Json::array();
  const fs::path run = fs::weakly_canonical(directory);
  std::vector<fs::path> others;
  for (const fs::directory_entry& entry : fs::directory_iterator(run.parent_path())) {
    if (entry.is_directory() && is_run(entry.path()) && entry.path() != run) {
      others.push_back(entry.path());
    }
  }
  std::sort(others.begin(), others.end());
  for (const fs::path& other : others) {
    std::optional<cambium::train::Branch> branch;
    try {
      branch = branch_of_run(other);
    } catch (const cambium::InvalidInput&) {
      continue;  // a neighbour that is broken is no concern of this one
    }
    if (branch && fs::weakly_canonical(branch->from).parent_path().parent_path() == run) {
      children.push_back({{"run", other.filename().string()},
                          {"step", branch->step},
                          {"branches", depth < kDeepest ? describe_children(other, depth + 1) : Json::array()}});
    }
  }
  return children;
}

Json inspect_run(const fs::path& directory, bool verify) {
  Json json{{"kind", "run"}, {"path", directory.string()}, {"verified", verify}, {"checkpoints", Json::array()}};
  if (verify) {  // also those that a resume would pass over
    for (const fs::directory_entry& entry : fs::directory_iterator(directory / "checkpoints")) {
      if (entry.path().filename().string().starts_with("step-")) {
        inspect_directory(entry.path(), verify);
      }
    }
  }
  for (const fs::path& checkpoint : cambium::train::list_checkpoints(directory)) {
    const ModelConfig config = cambium::model::read_model_config(checkpoint);
    const auto trainer = cambium::train::read_trainer_file(checkpoint, config.num_hidden_layers);
    json["checkpoints"].push_back({{"name", checkpoint.filename().string()},
                                   {"step", trainer.record.step},
                                   {"tokens", trainer.record.tokens},
                                   {"num_hidden_layers", config.num_hidden_layers},
                                   {"parameters", config.parameters()}});
  }
  json["branched_from"] = describe_branches(branch_of_run(directory));
  json["branches"] = describe_children(directory);
  return json;
}

/// Tuned lenses. `verify` reads every number: a lens has no hash of its own.
Json inspect_lens(const fs::path& directory, bool verify) {
  const cambium::formats::SafetensorsReader file(directory / cambium::analysis::kLensFile);
  int64_t layers = 0;
  const TensorInfo* weight = nullptr;
  while (const auto* next = file.find(cambium::format("layers.{}.weight", layers))) {
    weight = next;
    ++layers;
  }
  if (weight == nullptr) {
    cambium::bad_input("{}: expected tensors `layers.<l>.weight` and `layers.<l>.bias`, found none",
                       file.path().string());
  }
  if (verify) {
    for (const TensorInfo& info : file.tensors()) {
      std::vector<float> values(static_cast<size_t>(info.numel()));
      file.read_float32(info, values);
      if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
        cambium::bad_input("{}: tensor `{}`: expected finite numbers", file.path().string(), info.name);
      }
    }
  }
  const auto hash = file.metadata().find(cambium::analysis::kUnembeddingHash);
  return {{"kind", "lens"},
          {"layers", layers},
          {"hidden_size", weight->shape.back()},
          {"bytes", fs::file_size(file.path())},
          {"unembedding_hash", hash == file.metadata().end() ? Json() : Json(hash->second)}};
}

bool is_dataset(const fs::path& directory) {
  const fs::path manifest = directory / cambium::data::kManifestFile;
  if (!fs::exists(manifest)) {
    return false;
  }
  const Json json = cambium::formats::read_json(manifest);
  return json.is_object() && json.value("format", Json()) == Json(cambium::data::kDatasetFormat);
}

}  // namespace

Json inspect_directory(const fs::path& directory, bool verify) {
  if (!fs::is_directory(directory)) {
    cambium::bad_input("{}: expected a directory, found {}", directory.string(),
                       fs::exists(directory) ? "a file" : "nothing of that name");
  }
  if (fs::exists(directory / "config.json")) {
    return inspect_model(directory, verify);
  }
  if (is_run(directory)) {
    return inspect_run(directory, verify);
  }
  if (is_dataset(directory)) {
    return inspect_dataset(directory, verify);
  }
  if (fs::exists(directory / cambium::analysis::kLensFile)) {
    return inspect_lens(directory, verify);
  }
  cambium::bad_input(
      "{}: expected a model or checkpoint (config.json), a dataset (its manifest.json), a run (checkpoints/) or lenses "
      "(lens.safetensors), found none of them",
      directory.string());
}
