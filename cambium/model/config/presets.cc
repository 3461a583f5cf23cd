#include <array>

#include "cambium/base/error.h"
#include "cambium/base/text.h"
#include "cambium/model/config/model_config.h"

namespace cambium::model {
namespace {

struct Preset {
  std::string_view name;
  int64_t vocab_size, hidden_size, intermediate_size, layers, heads, kv_heads, context;
};

// The smollm sizes are SmolLM v1's (huggingface/smollm, text/pretraining/smollm1); the small ones are ours, for a
// machine without a GPU.
constexpr std::array kPresets{
    Preset{"tiny", 8192, 128, 384, 12, 4, 4, 512},
    Preset{"laptop", 8192, 256, 768, 12, 4, 4, 512},
    Preset{"smollm-135m", 49152, 576, 1536, 30, 9, 3, 2048},
    Preset{"smollm-360m", 49152, 960, 2560, 32, 15, 5, 2048},
    Preset{"smollm-1.7b", 49152, 2048, 8192, 24, 32, 32, 2048},
};

ModelConfig to_config(const Preset& preset) {
  ModelConfig config;
  config.vocab_size = preset.vocab_size;
  config.hidden_size = preset.hidden_size;
  config.intermediate_size = preset.intermediate_size;
  config.num_hidden_layers = preset.layers;
  config.num_attention_heads = preset.heads;
  config.num_key_value_heads = preset.kv_heads;
  config.max_position_embeddings = preset.context;
  config.rope_theta = 10000;
  config.rms_norm_eps = 1e-5;
  config.tie_word_embeddings = true;
  config.bos_token_id = 0;
  config.eos_token_id = 0;
  return config;
}

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) names.emplace_back(preset.name);
  return names;
}

ModelConfig preset(std::string_view name) {
  for (const Preset& entry : kPresets) {
    if (entry.name == name) return to_config(entry);
  }
  throw InvalidArgument(format("unknown model preset `{}`{} (known: {})", name, did_you_mean(name, preset_names()),
                               join(preset_names(), ", ")));
}

}  // namespace cambium::model
