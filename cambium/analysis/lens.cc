#include "cambium/analysis/lens.h"

#include "cambium/base/error.h"
#include "cambium/base/hash.h"
#include "cambium/base/rename.h"
#include "cambium/formats/safetensors.h"

namespace cambium::analysis {
namespace {

std::filesystem::path file_of(const std::filesystem::path& directory) { return directory / kLensFile; }

std::span<const float> values_of(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<float>(), static_cast<size_t>(tensor.numel())};
}

at::Tensor read(const formats::SafetensorsReader& file, const std::string& name, std::vector<int64_t> shape) {
  const formats::TensorInfo* info = file.find(name);
  if (info == nullptr || info->shape != shape) {
    bad_input("{}: tensor `{}`: expected {}, found {}", file.path().string(), name, formats::shape_text(shape),
              info == nullptr ? "none" : formats::shape_text(info->shape));
  }
  at::Tensor out = at::empty(shape, at::kFloat);
  file.read_float32(*info, {out.mutable_data_ptr<float>(), static_cast<size_t>(out.numel())});
  return out;
}

}  // namespace

Lens Lens::zeros(const model::ModelConfig& config) {
  Lens lens;
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    lens.weights.push_back(at::zeros({config.hidden_size, config.hidden_size}, at::kFloat));
    lens.biases.push_back(at::zeros({config.hidden_size}, at::kFloat));
  }
  return lens;
}

at::Tensor Lens::translate(int64_t layer, const at::Tensor& rows) const {
  const auto l = static_cast<size_t>(layer);
  return rows + at::mm(rows, weights.at(l).t()) + biases.at(l);
}

std::string unembedding_hash(const model::Llama& model) {
  Hasher hasher;
  const at::Tensor head = model.config.tie_word_embeddings ? model.weights.embedding : model.weights.head;
  for (const at::Tensor& tensor : {model.final_norm(), head}) {
    const at::Tensor on_cpu = tensor.cpu().contiguous();
    hasher.update(std::as_bytes(values_of(on_cpu)));
  }
  return hasher.hex();
}

void save_lens(const std::filesystem::path& directory, const Lens& lens, const model::Llama& model) {
  const std::filesystem::path staged = directory / "lens.safetensors.partial";
  std::vector<formats::SafetensorsWriter::Declared> declared;
  for (size_t l = 0; l < lens.weights.size(); ++l) {
    declared.push_back({format("layers.{}.weight", l), formats::DType::kFloat32, lens.weights[l].sizes().vec()});
    declared.push_back({format("layers.{}.bias", l), formats::DType::kFloat32, lens.biases[l].sizes().vec()});
  }
  formats::SafetensorsWriter writer(staged, declared, {{"format", "pt"}, {kUnembeddingHash, unembedding_hash(model)}});
  for (size_t l = 0; l < lens.weights.size(); ++l) {
    writer.write_float32(values_of(lens.weights[l].contiguous()));
    writer.write_float32(values_of(lens.biases[l]));
  }
  writer.close();
  rename_path(staged, file_of(directory));
}

Lens load_lens(const std::filesystem::path& directory, const model::Llama& model) {
  if (directory.empty()) {
    bad_input("the tuned lens needs lenses: expected --lens DIR, as `cambium lens train` makes it");
  }
  const formats::SafetensorsReader file(file_of(directory));
  const auto hash = file.metadata().find(kUnembeddingHash);
  if (hash == file.metadata().end() || hash->second != unembedding_hash(model)) {
    bad_input("{}: metadata `{}`: expected {}, found {}: these lenses were trained for another model",
              file.path().string(), kUnembeddingHash, unembedding_hash(model),
              hash == file.metadata().end() ? "none" : hash->second);
  }
  Lens lens;
  const int64_t d = model.config.hidden_size;
  for (int64_t layer = 0; layer < model.num_layers(); ++layer) {
    lens.weights.push_back(read(file, format("layers.{}.weight", layer), {d, d}));
    lens.biases.push_back(read(file, format("layers.{}.bias", layer), {d}));
  }
  return lens;
}

}  // namespace cambium::analysis
