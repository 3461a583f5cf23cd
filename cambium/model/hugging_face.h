#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cambium/formats/safetensors.h"
#include "cambium/model/config/model_config.h"
#include "cambium/model/llama.h"
#include "cambium/model/parameters.h"

namespace cambium::model {

/// A model directory as `save_pretrained` writes it: config.json and model.safetensors, or the files that
/// model.safetensors.index.json names.
ModelConfig read_model_config(const std::filesystem::path& directory);

/// Reads every tensor into float32. Throws InvalidInput for missing, unexpected or wrongly shaped tensors, and for NaN
/// or infinity, naming the file and the tensor.
Parameters read_parameters(const std::filesystem::path& directory, const ModelConfig& config);

/// Both, ready to run.
Llama load_llama(const std::filesystem::path& directory, Precision precision);

/// The dtype in which the weights are stored (that of the embedding).
formats::DType stored_dtype(const std::filesystem::path& directory);

/// Every stored tensor by its name, from the files' headers alone.
std::map<std::string, formats::TensorInfo> stored_tensors(const std::filesystem::path& directory);

/// Writes config.json and model.safetensors into an existing directory (a StagedDirectory's, as a rule).
void write_model(const std::filesystem::path& directory, const ModelConfig& config, const Parameters& parameters,
                 formats::DType dtype);

/// The dtype in which a tensor of that name is to be written.
using DTypeOf = std::function<formats::DType(const std::string& name)>;
/// The same for a model whose tensors differ in dtype; config.json gets the embedding's. Messages about values that do
/// not fit a dtype name the directory `shown_as`, where it is given.
void write_model(const std::filesystem::path& directory, const ModelConfig& config, const Parameters& parameters,
                 const DTypeOf& dtype_of, const std::filesystem::path& shown_as = {});

/// Reads a safetensors file that holds `prefix` + <parameter name> for every tensor of the layout into `parameters`.
void read_named(const std::filesystem::path& file, const ModelConfig& config, const std::string& prefix,
                Parameters& parameters);

/// The same model without LayerNorm-Scaling: 1/sqrt(l) multiplied into both norm weights of layer l.
void fold_layer_norm_scaling(ModelConfig& config, Parameters& parameters);

/// The model that has these layers of `parameters` in this order, without a loop; LN-Scaling's factors stay with them.
void arrange_layers(ModelConfig& config, Parameters& parameters, const std::vector<int>& order);

/// The same model without a loop: its layers stand as often as they run.
void unroll_loop(ModelConfig& config, Parameters& parameters);

}  // namespace cambium::model
