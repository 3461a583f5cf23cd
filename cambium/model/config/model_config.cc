#include "cambium/model/config/model_config.h"

#include <cmath>

#include "cambium/base/error.h"

namespace cambium::model {
namespace {

struct Size {
  std::string_view name;
  int64_t value;
  int64_t most;  ///< keeps every product of sizes within int64
};

}  // namespace

int64_t ModelConfig::layer_matmul_parameters() const {
  const int64_t kv_size = num_key_value_heads * head_dim();
  return 2 * hidden_size * hidden_size + 2 * hidden_size * kv_size + 3 * hidden_size * intermediate_size;
}

int64_t ModelConfig::layer_parameters() const { return layer_matmul_parameters() + 2 * hidden_size; }

int64_t ModelConfig::parameters() const {
  const int64_t embeddings = vocab_size * hidden_size * (tie_word_embeddings ? 1 : 2);
  return embeddings + num_hidden_layers * layer_parameters() + hidden_size;
}

double ln_scale(const ModelConfig& config, int64_t layer) {
  if (!config.layer_norm_scaling) return 1;
  const int64_t position = config.norm_positions.empty() ? layer : config.norm_positions.at(static_cast<size_t>(layer));
  return 1 / std::sqrt(static_cast<double>(position + 1));
}

void check(const ModelConfig& config, std::string_view what) {
  const Size sizes[] = {
      {"vocab_size", config.vocab_size, int64_t{1} << 31},
      {"hidden_size", config.hidden_size, int64_t{1} << 20},
      {"intermediate_size", config.intermediate_size, int64_t{1} << 22},
      {"num_hidden_layers", config.num_hidden_layers, int64_t{1} << 16},
      {"num_attention_heads", config.num_attention_heads, int64_t{1} << 16},
      {"num_key_value_heads", config.num_key_value_heads, int64_t{1} << 16},
      {"max_position_embeddings", config.max_position_embeddings, int64_t{1} << 31},
  };
  const auto refuse = [&](std::string_view name, const auto& found, std::string_view expected) {
    throw InvalidArgument(format("{}: `{}`: expected {}, found {}", what, name, expected, found));
  };
  for (const Size& size : sizes) {
    if (size.value < 1 || size.value > size.most) {
      refuse(size.name, size.value, format("an integer from 1 to {}", size.most));
    }
  }
  const int64_t heads = config.num_attention_heads;
  if (config.hidden_size % heads != 0) {
    refuse("hidden_size", config.hidden_size, format("a multiple of the {} attention heads", heads));
  }
  if (config.head_dim() % 2 != 0) {
    refuse("hidden_size", config.hidden_size,
           format("an even size of each of the {} heads, which rotary embeddings need", heads));
  }
  if (heads % config.num_key_value_heads != 0) {
    refuse("num_key_value_heads", config.num_key_value_heads, format("a divisor of the {} attention heads", heads));
  }
  if (config.loop) {
    const auto [first, last, times] = *config.loop;
    constexpr int64_t kMostTimes = 1 << 10;
    if (first < 0 || last <= first || last > config.num_hidden_layers) {
      refuse("loop.layers", format("[{}, {}]", first, last),
             format("the first layer and the one behind the last of some of the {} layers", config.num_hidden_layers));
    }
    if (times < 1 || times > kMostTimes) refuse("loop.times", times, format("1 to {}", kMostTimes));
  }
  const std::vector<int64_t>& positions = config.norm_positions;
  if (!positions.empty()) {
    if (!config.layer_norm_scaling || positions.size() != static_cast<size_t>(config.num_hidden_layers)) {
      refuse("layer_norm_scaling_positions", format("{} entries", positions.size()),
             "one for each layer of a model with layer_norm_scaling");
    }
    for (const int64_t position : positions) {
      if (position < 0 || position > int64_t{1} << 16) {
        refuse("layer_norm_scaling_positions", position, "indices of layers");
      }
    }
  }
  if (!(config.rope_theta > 0) || !std::isfinite(config.rope_theta)) {
    refuse("rope_theta", config.rope_theta, "a positive number");
  }
  if (!(config.rms_norm_eps >= 0) || !(config.rms_norm_eps < 1)) {
    refuse("rms_norm_eps", config.rms_norm_eps, "a number from 0 to 1");
  }
  if (config.rope_scaling) {
    const Llama3Rope& rope = *config.rope_scaling;
    if (!(rope.factor >= 1)) refuse("rope_scaling.factor", rope.factor, "1 or more");
    if (!(rope.low_freq_factor > 0)) refuse("rope_scaling.low_freq_factor", rope.low_freq_factor, "a positive number");
    if (!(rope.high_freq_factor > rope.low_freq_factor)) {
      refuse("rope_scaling.high_freq_factor", rope.high_freq_factor, "more than low_freq_factor");
    }
    if (rope.original_max_position_embeddings < 1) {
      refuse("rope_scaling.original_max_position_embeddings", rope.original_max_position_embeddings, "1 or more");
    }
  }
}

}  // namespace cambium::model
