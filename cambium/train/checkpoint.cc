#include "cambium/train/checkpoint.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <span>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/model/hugging_face.h"
#include "cambium/text/tokenizer.h"
#include "cambium/train/manifest.h"

namespace cambium::train {
namespace fs = std::filesystem;
using formats::DType;
using formats::Json;
namespace {

constexpr const char* kTrainer = "trainer.json";
constexpr const char* kOptimizer = "optimizer.safetensors";
constexpr std::string_view kGrownSuffix = "-grown";

/// optimizer.safetensors, which several processes write side by side: both moments of all blocks, one behind the other.
class OptimizerFile {
 public:
  OptimizerFile(const fs::path& directory, const model::ModelConfig& config, const TrainState& state)
      : path_(directory / kOptimizer), state_(state) {
    std::vector<formats::SafetensorsWriter::Declared> declared;
    // The tensors of all blocks in order, without gaps: what a block holds is one piece of the file.
    const auto declare = [&](const std::string& prefix, const model::BlockLayout& layout, const std::string& block) {
      for (const model::Slot& slot : layout.slots) {
        declared.push_back({prefix + block + slot.name, DType::kFloat32, slot.shape});
      }
      sizes_.push_back(layout.size);
    };
    for (const char* prefix : {"exp_avg.", "exp_avg_sq."}) {
      declare(prefix, embedding_layout(config), "");
      for (size_t layer = 0; layer < state.lineage.size(); ++layer) {
        declare(prefix, layer_layout(config), model::layer_prefix(static_cast<int64_t>(layer)));
      }
      declare(prefix, head_layout(config), "");
    }
    header_ = formats::SafetensorsWriter::header(declared);
  }

  /// Makes the file, without its data.
  void create() const {
    FileWriter file(path_);
    file.write(header_);
    file.resize(std::accumulate(sizes_.begin(), sizes_.end(), int64_t{0}) * kBytes + header_bytes());
    file.close(/*to_disk=*/false);
  }

  /// Writes into it what lies here of the parts that `share` names.
  void write(const dist::Partition& share) const {
    FileWriter file(path_, FileWriter::Mode::kUpdate);
    int64_t begin = header_bytes();
    size_t i = 0;
    for (const model::Parameters* moments : {&state_.exp_avg, &state_.exp_avg_sq}) {
      for (const at::Tensor& block : moments->blocks()) {
        const dist::Partition::Range held = state_.part.of(sizes_[i]), wanted = share.of(sizes_[i]);
        const int64_t first = std::max(held.begin, wanted.begin), end = std::min(held.end, wanted.end);
        if (first < end) {
          const at::Tensor here = block.narrow(0, first - held.begin, end - first).cpu();
          file.seek(begin + first * kBytes);
          file.write(std::as_bytes(std::span(here.const_data_ptr<float>(), static_cast<size_t>(here.numel()))));
        }
        begin += sizes_[i++] * kBytes;
      }
    }
    // Where others share the file, this process alone can flush what it wrote.
    file.close(/*to_disk=*/share.size > 1);
  }

 private:
  static constexpr int64_t kBytes = sizeof(float);
  int64_t header_bytes() const { return static_cast<int64_t>(header_.size()); }

  fs::path path_;
  const TrainState& state_;
  std::vector<int64_t> sizes_;  ///< entries of each block, of the one moment and then of the other
  std::string header_;
};

Json position_json(const std::vector<DataPosition>& position) {
  Json data = Json::array();
  for (const DataPosition& source : position) {
    data.push_back({{"source", source.source}, {"windows", source.windows}, {"tokens", source.tokens}});
  }
  return data;
}

Json branch_json(const Branch& branch) {
  return {{"from", branch.from},       {"model_hash", branch.model_hash},   {"step", branch.step},
          {"growths", branch.growths}, {"symmetrized", branch.symmetrized}, {"data", position_json(branch.position)}};
}

Json state_to_json(const TrainState& state, const std::vector<DataPosition>& position, uint64_t seed) {
  Json growths = Json::array(), symmetrized = Json::array();
  for (const GrowthRecord& record : state.growths) {
    growths.push_back(to_json(record));
  }
  for (const growth::SymmetrizeEvent& event : state.symmetrized) {
    symmetrized.push_back(to_json(event));
  }
  Json json{{"format", "cambium-trainer"},
            {"version", 1},
            {"step", state.step},
            {"tokens", state.tokens},
            {"data", position_json(position)},
            // Every draw is a function of the seed and the step: this is the whole random state.
            {"random", {{"seed", seed}, {"step", state.step}}},
            {"adam_steps", state.adam_steps},
            {"growth", growths},
            {"lineage", state.lineage},
            {"loss_statistics",
             {{"mean", state.losses.mean}, {"variance", state.losses.variance}, {"count", state.losses.count}}},
            {"skipped_in_a_row", state.skipped_in_a_row}};
  if (!symmetrized.empty()) {
    json["symmetrized"] = symmetrized;
  }
  if (state.branch) {
    json["branch"] = branch_json(*state.branch);
  }
  return json;
}

/// A list of integers from `lowest` on.
template <typename Int>
std::vector<Int> integers(const formats::JsonView& view, std::string_view key, size_t count, int64_t lowest = 0) {
  const Json& list = view.at(key);
  if (!list.is_array() || list.size() != count) {
    view.fail(key, format("a list of {} integers", count));
  }
  std::vector<Int> values;
  for (const Json& value : list) {
    if (!value.is_number_integer() || value.get<int64_t>() < lowest) {
      view.fail(key, format("integers from {} on", lowest));
    }
    values.push_back(value.get<Int>());
  }
  return values;
}

std::vector<DataPosition> position_from_json(const formats::JsonView& view) {
  if (!view.at("data").is_array()) {
    view.fail("data", "a list");
  }
  std::vector<DataPosition> position;
  for (const Json& entry : view.at("data")) {
    const formats::JsonView source(entry, view.what());
    position.push_back({.source = source.string("source"),
                        .windows = source.integer("windows", 0, INT64_MAX),
                        .tokens = source.integer("tokens", 0, INT64_MAX)});
  }
  return position;
}

Branch branch_from_json(const formats::JsonView& view) {
  return {.from = view.string("from"),
          .model_hash = view.string("model_hash"),
          .step = view.integer("step", 0, INT64_MAX),
          .growths = view.integer("growths", 0, INT64_MAX),
          .symmetrized = view.integer("symmetrized", 0, INT64_MAX),
          .position = position_from_json(view)};
}

void state_from_json(const formats::JsonView& view, int64_t layers, TrainState& state) {
  state.step = view.integer("step", 0, INT64_MAX);
  state.tokens = view.integer("tokens", 0, INT64_MAX);
  state.adam_steps = integers<int64_t>(view, "adam_steps", static_cast<size_t>(layers + 2));
  state.lineage = integers<int>(view, "lineage", static_cast<size_t>(layers), growth::kNoSource);
  if (!view.at("growth").is_array()) {
    view.fail("growth", "a list");
  }
  for (const Json& record : view.at("growth")) {
    state.growths.push_back(growth_record_from_json(record, view.what()));
  }
  if (view.has("symmetrized")) {
    if (!view.at("symmetrized").is_array()) {
      view.fail("symmetrized", "a list");
    }
    for (const Json& event : view.at("symmetrized")) {
      state.symmetrized.push_back(symmetrize_event_from_json(event, view.what()));
    }
  }
  if (view.has("branch")) {
    state.branch = branch_from_json(view.object("branch"));
  }
  const formats::JsonView statistics = view.object("loss_statistics");
  state.losses = {.mean = statistics.number("mean"),
                  .variance = statistics.number("variance"),
                  .count = statistics.integer("count", 0, INT64_MAX)};
  state.skipped_in_a_row = view.integer("skipped_in_a_row", 0, INT64_MAX);
}

void write_trainer_file(const fs::path& directory, const TrainState& state, const std::vector<DataPosition>& position,
                        uint64_t seed) {
  FileWriter trainer(directory / kTrainer);
  trainer.write(state_to_json(state, position, seed).dump(1) + "\n");
  trainer.close(/*sync=*/false);
}

/// One of the moments, cut to the part of every block that is wanted.
model::Parameters read_moments(const fs::path& file, const model::ModelConfig& config, const std::string& prefix,
                               const dist::Partition& part) {
  model::Parameters whole = model::Parameters::zeros(config, at::kFloat);
  model::read_named(file, config, prefix, whole);
  if (part.size == 1) {
    return whole;
  }
  const auto cut = [&](const at::Tensor& block) {
    const dist::Partition::Range own = part.of(block.numel());
    return block.narrow(0, own.begin, own.length()).clone();
  };
  model::Parameters own{cut(whole.embedding), {}, cut(whole.head)};
  for (const at::Tensor& layer : whole.layers) {
    own.layers.push_back(cut(layer));
  }
  return own;
}

uint64_t seed_from_json(const formats::JsonView& view) {
  const formats::JsonView random = view.object("random");
  if (!random.at("seed").is_number_unsigned()) {
    random.fail("seed", "an integer from 0 on");
  }
  return random.at("seed").get<uint64_t>();
}

}  // namespace

std::string checkpoint_name(int64_t step, bool grown) {
  return format("step-{:08}{}", step, grown ? kGrownSuffix : std::string_view());
}

std::optional<CheckpointName> parse_checkpoint_name(const std::string& name) {
  constexpr std::string_view kPrefix = "step-";
  constexpr size_t kMaxDigits = 15;
  std::string_view digits = name;
  const bool grown = digits.ends_with(kGrownSuffix);
  digits.remove_suffix(grown ? kGrownSuffix.size() : 0);
  if (!digits.starts_with(kPrefix)) {
    return std::nullopt;
  }
  digits.remove_prefix(kPrefix.size());
  if (digits.empty() || digits.size() > kMaxDigits || digits.find_first_not_of("0123456789") != digits.npos) {
    return std::nullopt;
  }
  return CheckpointName{std::stoll(std::string(digits)), grown};
}

void write_training_files(const fs::path& directory, const model::ModelConfig& config, const TrainState& state,
                          const std::vector<DataPosition>& position, uint64_t seed) {
  const OptimizerFile optimizer(directory, config, state);
  optimizer.create();
  optimizer.write({});
  write_trainer_file(directory, state, position, seed);
}

void save_checkpoint(const fs::path& directory, const model::Llama& model, const TrainState& state,
                     const std::vector<DataPosition>& position, uint64_t seed, const std::string& tokenizer_json,
                     dist::Group& group) {
  std::optional<StagedDirectory> staged;
  const fs::path staging = StagedDirectory::staging_of(directory);
  const OptimizerFile optimizer(staging, model.config, state);
  group.write_together([&] {
    if (group.leads()) {
      staged.emplace(directory, /*replace=*/true);
      optimizer.create();
    }
  });
  group.write_together([&] {
    optimizer.write(group.place());
    if (group.leads()) {
      model::write_model(staging, model.config, model.weights, DType::kFloat32);
      write_trainer_file(staging, state, position, seed);
      if (!tokenizer_json.empty()) {
        FileWriter tokenizer(staging / text::Tokenizer::file_name_of(tokenizer_json));
        tokenizer.write(tokenizer_json);
        tokenizer.close(/*sync=*/false);
      }
    }
  });
  group.write_together([&] {
    if (group.leads()) {
      write_manifest(staging);
      staged->commit();
    }
  });
}

TrainerFile read_trainer_file(const fs::path& directory, int64_t num_layers) {
  const Json json = formats::read_json(directory / kTrainer);
  const formats::JsonView view(json, (directory / kTrainer).string());
  TrainerFile file;
  state_from_json(view, num_layers, file.state);
  file.position = position_from_json(view);
  file.seed = seed_from_json(view);
  return file;
}

Checkpoint load_checkpoint(const fs::path& directory, const dist::Partition& part) {
  Checkpoint checkpoint;
  checkpoint.config = model::read_model_config(directory);
  checkpoint.weights = model::read_parameters(directory, checkpoint.config);
  TrainerFile trainer = read_trainer_file(directory, checkpoint.config.num_hidden_layers);
  checkpoint.position = std::move(trainer.position);
  checkpoint.seed = trainer.seed;
  checkpoint.state = std::move(trainer.state);
  TrainState& state = checkpoint.state;
  state.part = part;
  state.exp_avg = read_moments(directory / kOptimizer, checkpoint.config, "exp_avg.", part);
  state.exp_avg_sq = read_moments(directory / kOptimizer, checkpoint.config, "exp_avg_sq.", part);
  return checkpoint;
}

bool has_optimizer(const fs::path& directory) {
  return fs::exists(directory / kOptimizer) && fs::exists(directory / kTrainer);
}

std::vector<fs::path> list_checkpoints(const fs::path& run_directory) {
  std::vector<std::pair<CheckpointName, fs::path>> found;
  const fs::path folder = run_directory / "checkpoints";
  if (fs::is_directory(folder)) {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      const std::optional<CheckpointName> name = parse_checkpoint_name(entry.path().filename().string());
      if (name && entry.is_directory() && check_manifest(entry.path(), /*hashes=*/false).empty()) {
        found.emplace_back(*name, entry.path());
      }
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<fs::path> paths;
  for (auto& [name, path] : found) {
    paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace cambium::train
