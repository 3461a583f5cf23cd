#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace cambium::formats {

/// A model in the first binary layout of llama2.c (`.bin`, "version 0": seven int32, then float32 weights), under
/// Hugging Face's names. RoPE base 10000 and a norm eps of 1e-5 are part of that format.
struct Llama2cModel {
  struct Tensor {
    std::string name;
    std::vector<int64_t> shape;
    std::vector<float> values;  ///< row-major
  };
  int64_t hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, num_key_value_heads, vocab_size,
      max_position_embeddings;
  bool tie_word_embeddings;
  std::vector<Tensor> tensors;
};

/// Reads a whole file. The rows of q_proj and k_proj are reordered from interleaved pairs, which llama2.c rotates, to
/// the two halves that Hugging Face's LLaMA rotates. Throws InvalidInput for sizes that do not work out or do not give
/// the file's length, for later versions of the format, and for NaN or infinite weights.
Llama2cModel read_llama2c(const std::filesystem::path& path);

}  // namespace cambium::formats
