#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cambium/model/llama.h"

namespace cambium::analysis {

/// Tuned lenses (Belrose et al. 2023): the stream h before layer l is read as Head(FinalNorm(h + A_l h + b_l)).
struct Lens {
  std::vector<at::Tensor> weights;  ///< A_l [hidden, hidden] float32
  std::vector<at::Tensor> biases;   ///< b_l [hidden]

  /// Zero translators: the logit lens.
  static Lens zeros(const model::ModelConfig& config);
  /// rows [n, hidden] of the stream before a layer -> rows for the final norm.
  at::Tensor translate(int64_t layer, const at::Tensor& rows) const;
};

inline constexpr const char* kLensFile = "lens.safetensors";
inline constexpr const char* kUnembeddingHash = "unembedding_hash";  ///< in its metadata

/// XXH3-128 of what a lens is read with: the final norm and the head, in float32.
std::string unembedding_hash(const model::Llama& model);

/// DIR/lens.safetensors: `layers.<l>.weight`, `layers.<l>.bias`, and the hash of the unembedding in its metadata.
void save_lens(const std::filesystem::path& directory, const Lens& lens, const model::Llama& model);
/// Throws InvalidInput where it is not there, not of the model's shape, or trained for another unembedding.
Lens load_lens(const std::filesystem::path& directory, const model::Llama& model);

}  // namespace cambium::analysis
