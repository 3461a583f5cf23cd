#pragma once

#include <filesystem>
#include <vector>

namespace cambium::model {

/// The safetensors files of a model directory: model.safetensors, or those that model.safetensors.index.json names, in
/// the order of their names. Throws InvalidInput where there is neither, or the index names no file, or one elsewhere.
std::vector<std::filesystem::path> weight_files(const std::filesystem::path& directory);

}  // namespace cambium::model
