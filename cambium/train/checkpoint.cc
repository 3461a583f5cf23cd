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
#include "cambium/train/record/manifest.h"

namespace cambium::train {
namespace fs = std::filesystem;
using formats::DType;
namespace {

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

Checkpoint load_checkpoint(const fs::path& directory, const dist::Partition& part) {
  Checkpoint checkpoint;
  checkpoint.config = model::read_model_config(directory);
  checkpoint.weights = model::read_parameters(directory, checkpoint.config);
  TrainerFile trainer = read_trainer_file(directory, checkpoint.config.num_hidden_layers);
  checkpoint.position = std::move(trainer.position);
  checkpoint.seed = trainer.seed;
  TrainState& state = checkpoint.state;
  static_cast<TrainRecord&>(state) = std::move(trainer.record);
  state.part = part;
  state.exp_avg = read_moments(directory / kOptimizer, checkpoint.config, "exp_avg.", part);
  state.exp_avg_sq = read_moments(directory / kOptimizer, checkpoint.config, "exp_avg_sq.", part);
  return checkpoint;
}

bool has_optimizer(const fs::path& directory) {
  return fs::exists(directory / kOptimizer) && fs::exists(directory / kTrainerFile);
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
