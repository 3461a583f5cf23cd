#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "cambium/formats/json.h"
#include "cambium/formats/safetensors.h"
#include "cambium/model/hugging_face.h"
#include "cambium/model/llama.h"

namespace cambium::model {

inline const std::filesystem::path kGolden = CAMBIUM_GOLDEN_DIR;

/// The stored models gain nothing from threads, and on a busy machine lose seconds to waiting for them.
inline void use_one_thread() { at::set_num_threads(1); }

inline Llama load_golden(const std::filesystem::path& directory) {
  use_one_thread();
  ModelConfig config = read_model_config(directory);
  Parameters parameters = read_parameters(directory, config);
  return {config, std::move(parameters), Precision::kFloat32};
}

/// One sequence as a batch: [1, ids] int32.
inline at::Tensor as_batch(const std::vector<int32_t>& ids) {
  return at::tensor(ids, at::kInt).view({1, static_cast<int64_t>(ids.size())});
}

inline std::vector<formats::Json> read_lines(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::vector<formats::Json> lines;
  for (std::string line; std::getline(in, line);) {
    lines.push_back(formats::parse_json(line, path.string()));
  }
  return lines;
}

inline at::Tensor read_float_tensor(const formats::SafetensorsReader& file, const std::string& name) {
  const formats::TensorInfo& info = *file.find(name);
  at::Tensor out = at::empty(info.shape, at::kFloat);
  file.read_float32(info, {out.mutable_data_ptr<float>(), static_cast<size_t>(out.numel())});
  return out;
}

/// Ids stored as int64, as one batch.
inline at::Tensor read_ids(const formats::SafetensorsReader& file, const std::string& name) {
  const formats::TensorInfo& info = *file.find(name);
  at::Tensor out = at::empty(info.shape, at::kLong);
  std::memcpy(out.mutable_data_ptr<int64_t>(), file.data(info).data(), file.data(info).size());
  return out.to(at::kInt).view({1, -1});
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace cambium::model
