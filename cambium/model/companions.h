#pragma once

#include <filesystem>

namespace cambium::model {

/// Copies what lies beside a model's weights and stays true for a model made from it: the tokenizer's files and
/// generation_config.json, those of them that there are.
void copy_companions(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace cambium::model
