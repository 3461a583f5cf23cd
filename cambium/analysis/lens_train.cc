#include "cambium/analysis/lens_train.h"

#include <c10/core/GradMode.h>

#include <algorithm>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/hash.h"
#include "cambium/base/random.h"
#include "cambium/base/rename.h"
#include "cambium/base/signals.h"
#include "cambium/formats/safetensors.h"
#include "cambium/model/weights_hash.h"

namespace cambium::analysis {
namespace {

namespace fs = std::filesystem;

/// Steps between two savings of the state.
constexpr int64_t kSaveEvery = 25;

/// What a training depends on; its state is not used by another.
std::string key_of(const model::Llama& model, const data::TokenDataset& dataset, const LensTraining& training) {
  return hash_hex(format("{} {} {} {} {} {} {}", model::weights_hash(model.weights), dataset.hash(), training.steps,
                         training.batch_tokens, training.sequence_length, static_cast<int>(training.optimizer),
                         training.seed));
}

/// Translators with the optimizer's memory, on disk between steps.
class TrainingState {
 public:
  TrainingState(const model::Llama& model, const LensTraining& training, fs::path file, std::string key)
      : file_(std::move(file)), key_(std::move(key)) {
    const int64_t size = model.config.hidden_size * (model.config.hidden_size + 1);
    const size_t memory = training.optimizer == LensTraining::Optimizer::kSgd ? 1 : 3;
    for (int64_t l = 0; l < model.num_layers(); ++l) {
      TranslatorState layer{
          .parameters = at::zeros({size}, at::kFloat), .gradient = at::zeros({size}, at::kFloat), .memory = {}};
      for (size_t i = 0; i < memory; ++i) {
        layer.memory.push_back(at::zeros({size}, at::kFloat));
      }
      layers.push_back(std::move(layer));
    }
  }

  /// The step to go on with.
  int64_t load() {
    if (!fs::exists(file_)) {
      return 0;
    }
    const formats::SafetensorsReader reader(file_);
    const auto key = reader.metadata().find("key"), step = reader.metadata().find("step");
    if (key == reader.metadata().end() || key->second != key_ || step == reader.metadata().end()) {
      return 0;
    }
    for_each([&](const std::string& name, const at::Tensor& tensor) {
      const formats::TensorInfo* info = reader.find(name);
      if (info == nullptr || info->numel() != tensor.numel()) {
        bad_input("{}: tensor `{}`: expected {} entries; remove the file to begin anew", file_.string(), name,
                  tensor.numel());
      }
      reader.read_float32(*info, {tensor.mutable_data_ptr<float>(), static_cast<size_t>(tensor.numel())});
    });
    return std::stoll(step->second);
  }

  void save(int64_t step) {
    std::vector<formats::SafetensorsWriter::Declared> declared;
    for_each([&](const std::string& name, const at::Tensor& tensor) {
      declared.push_back({name, formats::DType::kFloat32, {tensor.numel()}});
    });
    const fs::path staged = file_.string() + ".partial";
    formats::SafetensorsWriter writer(staged, declared, {{"key", key_}, {"step", format("{}", step)}});
    for_each([&](const std::string&, const at::Tensor& tensor) {
      writer.write_float32({tensor.const_data_ptr<float>(), static_cast<size_t>(tensor.numel())});
    });
    writer.close();
    rename_path(staged, file_);
  }

  std::vector<TranslatorState> layers;

 private:
  template <typename Visit>
  void for_each(Visit visit) {
    for (size_t l = 0; l < layers.size(); ++l) {
      visit(format("layers.{}.parameters", l), layers[l].parameters);
      for (size_t i = 0; i < layers[l].memory.size(); ++i) {
        visit(format("layers.{}.memory.{}", l, i), layers[l].memory[i]);
      }
    }
  }

  fs::path file_;
  std::string key_;
};

/// The windows of a step, [rows, seq] int32: a walk over all of them in an order that the seed draws.
at::Tensor read_windows(const data::TokenDataset& dataset, const LensTraining& training, int64_t step, int64_t rows) {
  const int64_t seq = training.sequence_length, windows = dataset.num_windows(seq);
  const KeyedPermutation order(static_cast<uint64_t>(windows), training.seed);
  at::Tensor ids = at::empty({rows, seq}, at::kInt);
  for (int64_t row = 0; row < rows; ++row) {
    const auto window = static_cast<int64_t>(order(static_cast<uint64_t>((step * rows + row) % windows)));
    dataset.read(window * seq, {ids.mutable_data_ptr<int32_t>() + row * seq, static_cast<size_t>(seq)});
  }
  return ids;
}

}  // namespace

void train_lens(model::Llama& model, const data::TokenDataset& dataset, const LensTraining& wanted, const fs::path& out,
                const std::function<void(int64_t, const at::Tensor&)>& report) {
  constexpr int64_t kLongest = 2048;
  const c10::NoGradGuard no_grad;
  LensTraining training = wanted;
  if (training.sequence_length == 0) {
    training.sequence_length = std::min(model.config.max_position_embeddings, kLongest);
  }
  if (training.steps > 0 && dataset.num_windows(training.sequence_length) == 0) {
    bad_input("{}: expected at least {} tokens for --sequence-length, found {}", dataset.directory().string(),
              training.sequence_length + 1, dataset.num_tokens());
  }
  make_directories(out);
  const StopRequest stop_request;
  const fs::path state_file = out / "training.safetensors";
  TrainingState state(model, training, state_file, key_of(model, dataset, training));
  const int64_t rows = std::max<int64_t>(1, training.batch_tokens / training.sequence_length);
  Engine engine(model);
  for (int64_t step = state.load(); step < training.steps; ++step) {
    if (StopRequest::signal() != 0) {
      state.save(step);
      throw Stopped(format("stopped after step {}; the same command goes on from here", step));
    }
    std::vector<at::Tensor> streams = engine.streams(read_windows(dataset, training, step, rows));
    for (at::Tensor& stream : streams) {
      stream = stream.flatten(0, 1);
    }
    const int64_t tokens = rows * training.sequence_length;
    const at::Tensor losses = add_lens_gradients(engine, streams, tokens, state.layers);
    update_translators(state.layers, training, step);
    report(step, losses / static_cast<double>(tokens));
    if ((step + 1) % kSaveEvery == 0) {
      state.save(step + 1);
    }
  }
  Lens lens = Lens::zeros(model.config);
  const int64_t d = model.config.hidden_size;
  for (size_t l = 0; l < lens.weights.size(); ++l) {
    lens.weights[l] = state.layers[l].parameters.narrow(0, 0, d * d).view({d, d});
    lens.biases[l] = state.layers[l].parameters.narrow(0, d * d, d);
  }
  save_lens(out, lens, model);
  fs::remove(state_file);
}

}  // namespace cambium::analysis
