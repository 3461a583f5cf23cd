#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/formats/json.h"

namespace cambium::model {

/// llama3 rope scaling as transformers defines it.
struct Llama3Rope {
  double factor, low_freq_factor, high_freq_factor;
  int64_t original_max_position_embeddings;
  bool operator==(const Llama3Rope&) const = default;
};

/// Layers [first, last) run `times` times before the next: the same weights at several places (a looped model).
struct Loop {
  int64_t first = 0, last = 0;
  int64_t times = 1;
  bool operator==(const Loop&) const = default;
};

/// A LLaMA's architecture with Hugging Face's names (config.json of model_type `llama`).
struct ModelConfig {
  int64_t vocab_size = 0;
  int64_t hidden_size = 0;
  int64_t intermediate_size = 0;
  int64_t num_hidden_layers = 0;
  int64_t num_attention_heads = 0;
  int64_t num_key_value_heads = 0;
  int64_t max_position_embeddings = 2048;
  double rope_theta = 10000;
  std::optional<Llama3Rope> rope_scaling;
  double rms_norm_eps = 1e-6;
  bool tie_word_embeddings = false;
  bool layer_norm_scaling = false;  ///< Sun et al. 2025: both norms of layer l (1-based) times 1/sqrt(l)
  /// LN-Scaling: of each layer, the index (0-based) that its scale follows, where that is not its own (a model that is
  /// to grow, scaled as in its final depth); else empty.
  std::vector<int64_t> norm_positions;
  std::optional<Loop> loop;
  std::optional<int64_t> bos_token_id;
  std::optional<int64_t> eos_token_id;  ///< of a list in config.json: the first

  int64_t head_dim() const { return hidden_size / num_attention_heads; }
  /// Weights of one layer: matrices only, and with both norms.
  int64_t layer_matmul_parameters() const;
  int64_t layer_parameters() const;
  /// Layers that a token passes in a model of `layers` layers, those of a loop counted each time.
  int64_t places(int64_t layers) const { return layers + (loop ? (loop->times - 1) * (loop->last - loop->first) : 0); }
  /// All parameters at the present depth; a tied head counts once.
  int64_t parameters() const;
  bool operator==(const ModelConfig&) const = default;
};

/// LN-Scaling's factor for both norms of a (0-based) layer: 1/sqrt(position + 1); 1 without LN-Scaling.
double ln_scale(const ModelConfig& config, int64_t layer);

/// Throws InvalidArgument that names the field where sizes are not positive or do not divide.
void check(const ModelConfig& config, std::string_view what);

/// Reads config.json content with transformers' defaults for missing keys. Throws InvalidInput, by name, for other
/// model types and for features that are not supported (attention_bias, mlp_bias, head_dim other than hidden/heads,
/// rope types other than default and llama3, hidden_act other than silu, sliding windows, quantization).
ModelConfig model_config_from_json(const formats::Json& json, std::string_view what);
/// config.json as transformers writes it. With layer_norm_scaling or a loop the model_type is `cambium-llama`, which
/// plain LLaMA code refuses.
formats::Json model_config_to_json(const ModelConfig& config, std::string_view torch_dtype);

/// "smollm-135m", "smollm-360m", "smollm-1.7b", "tiny", ...
std::vector<std::string> preset_names();
/// Throws InvalidArgument for an unknown name (naming the nearest).
ModelConfig preset(std::string_view name);

}  // namespace cambium::model
