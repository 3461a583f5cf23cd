#include "cambium/model/hugging_face.h"

#include <map>
#include <memory>
#include <vector>

#include "cambium/base/error.h"
#include "cambium/formats/json.h"
#include "cambium/model/config/layer_order.h"
#include "cambium/model/config/weight_files.h"

namespace cambium::model {
namespace fs = std::filesystem;
using formats::DType;
using formats::SafetensorsReader;
using formats::TensorInfo;
namespace {

constexpr const char* kWeights = "model.safetensors";
constexpr const char* kEmbedding = "model.embed_tokens.weight";

std::string shape_text(std::span<const int64_t> shape) { return format("[{}]", fmt::join(shape, ", ")); }

void read_tensor(const SafetensorsReader& reader, const TensorInfo& info, const at::Tensor& view) {
  if (info.shape != view.sizes().vec()) {
    bad_input("{}: tensor `{}`: expected shape {}, found {}", reader.path().string(), info.name,
              shape_text(view.sizes()), shape_text(info.shape));
  }
  reader.read_float32(info, {view.mutable_data_ptr<float>(), static_cast<size_t>(view.numel())});
}

/// config.json may claim any size: nothing is allocated for it before the files are seen to hold about that many
/// weights. (Somewhat fewer get a message that names the tensor, later.)
void check_claimed_size(const std::vector<fs::path>& files, const ModelConfig& config) {
  int64_t stored = 0;
  for (const fs::path& file : files) {
    const SafetensorsReader reader(file);
    for (const TensorInfo& info : reader.tensors()) {
      stored += info.numel();
    }
  }
  if (config.parameters() / 4 > stored) {
    bad_input("{}: expected the {} weights that config.json describes, found {}", files.front().string(),
              config.parameters(), stored);
  }
}

/// Tensors that some writers add and that carry nothing of their own.
bool is_redundant(const std::string& name, const ModelConfig& config) {
  return name.ends_with("rotary_emb.inv_freq") || (config.tie_word_embeddings && name == "lm_head.weight");
}

}  // namespace

ModelConfig read_model_config(const fs::path& directory) {
  if (!fs::is_directory(directory)) {
    bad_input("{}: expected a model directory, found {}", directory.string(),
              fs::exists(directory) ? "a file" : "nothing of that name");
  }
  const fs::path file = directory / "config.json";
  return model_config_from_json(formats::read_json(file), file.string());
}

Parameters read_parameters(const fs::path& directory, const ModelConfig& config) {
  const std::vector<fs::path> files = weight_files(directory);
  check_claimed_size(files, config);
  std::map<std::string, at::Tensor> missing;
  Parameters parameters = Parameters::zeros(config, at::kFloat);
  for_each_tensor(config, parameters, [&](const std::string& name, const at::Tensor& view) { missing[name] = view; });
  for (const fs::path& file : files) {
    const SafetensorsReader reader(file);
    for (const TensorInfo& info : reader.tensors()) {
      const auto wanted = missing.find(info.name);
      if (wanted == missing.end()) {
        if (is_redundant(info.name, config)) {
          continue;
        }
        bad_input("{}: tensor `{}` is not part of the model that config.json describes ({} layers)", file.string(),
                  info.name, config.num_hidden_layers);
      }
      read_tensor(reader, info, wanted->second);
      missing.erase(wanted);
    }
  }
  if (!missing.empty()) {
    bad_input("{}: tensor `{}` is missing", directory.string(), missing.begin()->first);
  }
  return parameters;
}

Llama load_llama(const fs::path& directory, Precision precision) {
  const ModelConfig config = read_model_config(directory);
  return Llama(config, read_parameters(directory, config), precision);
}

DType stored_dtype(const fs::path& directory) {
  const std::map<std::string, TensorInfo> stored = stored_tensors(directory);
  const auto embedding = stored.find(kEmbedding);
  if (embedding == stored.end()) {
    bad_input("{}: tensor `{}` is missing", directory.string(), kEmbedding);
  }
  return embedding->second.dtype;
}

std::map<std::string, TensorInfo> stored_tensors(const fs::path& directory) {
  std::map<std::string, TensorInfo> stored;
  for (const fs::path& file : weight_files(directory)) {
    const SafetensorsReader reader(file);
    for (const TensorInfo& info : reader.tensors()) {
      stored.emplace(info.name, info);
    }
  }
  return stored;
}

void write_model(const fs::path& directory, const ModelConfig& config, const Parameters& parameters, DType dtype) {
  write_model(directory, config, parameters, [dtype](const std::string&) { return dtype; });
}

void write_model(const fs::path& directory, const ModelConfig& config, const Parameters& parameters,
                 const DTypeOf& dtype_of, const fs::path& shown_as) {
  const DType dtype = dtype_of(kEmbedding);
  const std::string torch_dtype = dtype == DType::kFloat32    ? "float32"
                                  : dtype == DType::kBFloat16 ? "bfloat16"
                                                              : "float16";
  {
    FileWriter writer(directory / "config.json");
    writer.write(model_config_to_json(config, torch_dtype).dump(2) + "\n");
    writer.close(/*sync=*/false);
  }
  std::vector<formats::SafetensorsWriter::Declared> declared;
  for_each_tensor(config, parameters, [&](const std::string& name, const at::Tensor& view) {
    declared.push_back({name, dtype_of(name), view.sizes().vec()});
  });
  formats::SafetensorsWriter writer(directory / kWeights, std::move(declared), {{"format", "pt"}},
                                    (shown_as.empty() ? directory : shown_as) / kWeights);
  for_each_tensor(config, parameters, [&](const std::string&, const at::Tensor& view) {
    const at::Tensor here = view.cpu();
    writer.write_float32({here.const_data_ptr<float>(), static_cast<size_t>(here.numel())});
  });
  writer.close();
}

void read_named(const fs::path& file, const ModelConfig& config, const std::string& prefix, Parameters& parameters) {
  const SafetensorsReader reader(file);
  for_each_tensor(config, parameters, [&](const std::string& name, const at::Tensor& view) {
    const TensorInfo* info = reader.find(prefix + name);
    if (info == nullptr) {
      bad_input("{}: tensor `{}` is missing", file.string(), prefix + name);
    }
    read_tensor(reader, *info, view);
  });
}

void fold_layer_norm_scaling(ModelConfig& config, Parameters& parameters) {
  if (!config.layer_norm_scaling) {
    return;
  }
  const BlockLayout layout = layer_layout(config);
  for (size_t layer = 0; layer < parameters.layers.size(); ++layer) {
    for (const Slot& slot : layout.slots) {
      if (!slot.is_matrix()) {
        parameters.layers[layer]
            .narrow(0, slot.offset, slot.numel())
            .mul_(ln_scale(config, static_cast<int64_t>(layer)));
      }
    }
  }
  config.layer_norm_scaling = false;
  config.norm_positions.clear();
}

void unroll_loop(ModelConfig& config, Parameters& parameters) {
  if (config.loop) {
    arrange_layers(config, parameters, layer_order(config));
  }
}

void arrange_layers(ModelConfig& config, Parameters& parameters, const std::vector<int>& order) {
  if (config.layer_norm_scaling) {
    std::vector<int64_t> positions;
    for (const int layer : order) {
      positions.push_back(config.norm_positions.empty() ? layer : config.norm_positions.at(static_cast<size_t>(layer)));
    }
    config.norm_positions = std::move(positions);
  }
  remap_layers(parameters, order);
  config.num_hidden_layers = static_cast<int64_t>(order.size());
  config.loop.reset();
}

}  // namespace cambium::model
