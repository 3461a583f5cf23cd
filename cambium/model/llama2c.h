#pragma once

#include <filesystem>

#include "cambium/model/parameters.h"

namespace cambium::model {

/// A model with its weights, as a file holds them.
struct StoredModel {
  ModelConfig config;
  Parameters parameters;  ///< float32
};

/// Reads a llama2.c `.bin` (formats/llama2c.h): rotary base 10000, norm eps 1e-5, begin and end of text 1 and 2.
StoredModel read_llama2c_model(const std::filesystem::path& file);

}  // namespace cambium::model
