#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/model/config/model_config.h"

namespace cambium::model {
namespace {

using formats::Json;
using formats::JsonView;

constexpr std::string_view kPlainType = "llama";
constexpr std::string_view kPlainClass = "LlamaForCausalLM";
constexpr std::string_view kOwnType = "cambium-llama";
constexpr std::string_view kOwnClass = "CambiumLlamaForCausalLM";

// Sizes are bounded again, with the reasons, by `check`.
constexpr int64_t kMostSize = int64_t{1} << 31;

struct Rope {
  double theta;
  std::optional<Llama3Rope> scaling;
};

int64_t integer_or(const JsonView& json, std::string_view key, int64_t fallback) {
  return json.has(key) ? json.integer(key, 1, kMostSize) : fallback;
}

double number_or(const JsonView& json, std::string_view key, double fallback) {
  return json.has(key) ? json.number(key) : fallback;
}

bool boolean_or(const JsonView& json, std::string_view key, bool fallback) {
  return json.has(key) ? json.boolean(key) : fallback;
}

/// An id, none for null, the first of a list; `fallback` where the key is missing.
std::optional<int64_t> token_id(const JsonView& json, std::string_view key, int64_t fallback) {
  const auto found = json.value().find(key);
  if (found == json.value().end()) return fallback;
  if (found->is_null()) return std::nullopt;
  if (!found->is_array()) return json.integer(key, 0, kMostSize);
  const auto is_id = [](const Json& id) { return formats::as_integer(id, 0, kMostSize).has_value(); };
  if (found->empty() || !std::all_of(found->begin(), found->end(), is_id)) {
    json.fail(key, "an id or a list of ids");
  }
  return found->front().get<int64_t>();
}

void check_model_type(const JsonView& json) {
  const std::string type = json.string("model_type");
  if (type != kPlainType && type != kOwnType) {
    json.fail("model_type", format("`{}` or `{}` (other architectures are not supported)", kPlainType, kOwnType));
  }
  if (json.has("architectures")) {
    const Json& classes = json.at("architectures");
    const Json expected = Json::array({type == kPlainType ? kPlainClass : kOwnClass});
    if (classes != expected) {
      bad_input("{}: key `architectures`: expected {}, found {}", json.what(), expected.dump(),
                classes.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 200));
    }
  }
  const bool own = boolean_or(json, "layer_norm_scaling", false) || json.has("loop");
  if (own != (type == kOwnType)) {
    json.fail("model_type", format("`{}` with `layer_norm_scaling` or `loop`, and only with them", kOwnType));
  }
}

void refuse_unsupported(const JsonView& json) {
  for (const std::string_view key : {"attention_bias", "mlp_bias"}) {
    if (boolean_or(json, key, false)) json.fail(key, "false (biases are not supported)");
  }
  for (const std::string_view key : {"sliding_window", "quantization_config"}) {
    if (json.has(key)) json.fail(key, "none (not supported)");
  }
  if (json.has("hidden_act")) {
    const std::string name = json.string("hidden_act");
    if (name != "silu" && name != "swish") json.fail("hidden_act", "\"silu\" (other activations are not supported)");
  }
  if (number_or(json, "partial_rotary_factor", 1) != 1) json.fail("partial_rotary_factor", "1 (not supported)");
}

/// `rope_scaling` of transformers 4 or `rope_parameters` of transformers 5: the same keys, the latter with
/// `rope_theta`.
std::optional<Llama3Rope> read_scaling(const JsonView& rope, int64_t max_position_embeddings) {
  const std::string_view type_key = rope.has("rope_type") || !rope.has("type") ? "rope_type" : "type";
  const std::string type = rope.has(type_key) ? rope.string(type_key) : "default";
  if (rope.has("type") && rope.string("type") != type) rope.fail("type", format("the same as rope_type, `{}`", type));
  if (type != "default" && type != "llama3") {
    rope.fail(type_key, "`default` or `llama3` (other rope types are not supported)");
  }
  if (number_or(rope, "partial_rotary_factor", 1) != 1) rope.fail("partial_rotary_factor", "1 (not supported)");
  if (type == "default") return std::nullopt;
  return Llama3Rope{rope.number("factor"), rope.number("low_freq_factor"), rope.number("high_freq_factor"),
                    integer_or(rope, "original_max_position_embeddings", max_position_embeddings)};
}

/// Both places may be given, as long as they agree.
Rope read_rope(const JsonView& json, int64_t max_position_embeddings) {
  std::optional<double> theta;
  std::optional<std::optional<Llama3Rope>> scaling;
  const auto read_theta = [&](const JsonView& place) {
    if (!place.has("rope_theta")) return;
    const double value = place.number("rope_theta");
    if (theta && *theta != value) place.fail("rope_theta", format("{} as elsewhere in the file", *theta));
    theta = value;
  };
  read_theta(json);
  for (const std::string_view key : {"rope_scaling", "rope_parameters"}) {
    if (!json.has(key)) continue;
    const JsonView rope = json.object(key);
    read_theta(rope);
    const std::optional<Llama3Rope> value = read_scaling(rope, max_position_embeddings);
    if (scaling && *scaling != value) json.fail(key, "the same as `rope_scaling`");
    scaling = value;
  }
  return {theta.value_or(10000), scaling.value_or(std::nullopt)};
}

/// {"layers": [first, last], "times": n}, as in a run's configuration.
std::optional<Loop> read_loop(const JsonView& json) {
  if (!json.has("loop")) return std::nullopt;
  const JsonView loop = json.object("loop");
  const std::vector<int64_t> layers = loop.integers("layers", 0, kMostSize);
  if (layers.size() != 2) loop.fail("layers", "the first layer and the one behind the last");
  return Loop{layers[0], layers[1], loop.integer("times", 1, kMostSize)};
}

std::vector<int64_t> read_norm_positions(const JsonView& json) {
  constexpr std::string_view kKey = "layer_norm_scaling_positions";
  return json.has(kKey) ? json.integers(kKey, 0, kMostSize) : std::vector<int64_t>();
}

}  // namespace

ModelConfig model_config_from_json(const Json& value, std::string_view what) {
  const JsonView json(value, std::string(what));
  check_model_type(json);
  refuse_unsupported(json);

  ModelConfig config;
  config.vocab_size = integer_or(json, "vocab_size", 32000);
  config.hidden_size = integer_or(json, "hidden_size", 4096);
  config.intermediate_size = integer_or(json, "intermediate_size", 11008);
  config.num_hidden_layers = integer_or(json, "num_hidden_layers", 32);
  config.num_attention_heads = integer_or(json, "num_attention_heads", 32);
  config.num_key_value_heads = integer_or(json, "num_key_value_heads", config.num_attention_heads);
  config.max_position_embeddings = integer_or(json, "max_position_embeddings", 2048);
  Rope rope = read_rope(json, config.max_position_embeddings);
  config.rope_theta = rope.theta;
  config.rope_scaling = std::move(rope.scaling);
  config.rms_norm_eps = number_or(json, "rms_norm_eps", 1e-6);
  config.tie_word_embeddings = boolean_or(json, "tie_word_embeddings", false);
  config.layer_norm_scaling = boolean_or(json, "layer_norm_scaling", false);
  config.norm_positions = read_norm_positions(json);
  config.loop = read_loop(json);
  config.bos_token_id = token_id(json, "bos_token_id", 1);
  config.eos_token_id = token_id(json, "eos_token_id", 2);

  check(config, what);
  if (json.has("head_dim") && json.integer("head_dim", 1, kMostSize) != config.head_dim()) {
    json.fail("head_dim",
              format("hidden_size / num_attention_heads = {} (others are not supported)", config.head_dim()));
  }
  return config;
}

Json model_config_to_json(const ModelConfig& config, std::string_view torch_dtype) {
  const auto id_or_null = [](const std::optional<int64_t>& id) { return id ? Json(*id) : Json(nullptr); };
  Json scaling = nullptr;
  if (config.rope_scaling) {
    const Llama3Rope& rope = *config.rope_scaling;
    scaling = {{"rope_type", "llama3"},
               {"factor", rope.factor},
               {"low_freq_factor", rope.low_freq_factor},
               {"high_freq_factor", rope.high_freq_factor},
               {"original_max_position_embeddings", rope.original_max_position_embeddings}};
  }
  const bool own = config.layer_norm_scaling || config.loop;
  // `rope_theta` and `rope_scaling` side by side, and the dtype under both names, are what transformers 4 and 5 share.
  Json json = {{"architectures", Json::array({own ? kOwnClass : kPlainClass})},
               {"model_type", own ? kOwnType : kPlainType},
               {"vocab_size", config.vocab_size},
               {"hidden_size", config.hidden_size},
               {"intermediate_size", config.intermediate_size},
               {"num_hidden_layers", config.num_hidden_layers},
               {"num_attention_heads", config.num_attention_heads},
               {"num_key_value_heads", config.num_key_value_heads},
               {"head_dim", config.head_dim()},
               {"hidden_act", "silu"},
               {"max_position_embeddings", config.max_position_embeddings},
               {"rope_theta", config.rope_theta},
               {"rope_scaling", scaling},
               {"rms_norm_eps", config.rms_norm_eps},
               {"attention_bias", false},
               {"attention_dropout", 0.0},
               {"mlp_bias", false},
               {"tie_word_embeddings", config.tie_word_embeddings},
               {"initializer_range", 1 / std::sqrt(static_cast<double>(config.hidden_size))},
               {"bos_token_id", id_or_null(config.bos_token_id)},
               {"eos_token_id", id_or_null(config.eos_token_id)},
               {"use_cache", true},
               {"torch_dtype", torch_dtype},
               {"dtype", torch_dtype}};
  if (config.layer_norm_scaling) json["layer_norm_scaling"] = true;
  if (!config.norm_positions.empty()) json["layer_norm_scaling_positions"] = config.norm_positions;
  if (config.loop) {
    json["loop"] = {{"layers", {config.loop->first, config.loop->last}}, {"times", config.loop->times}};
  }
  return json;
}

}  // namespace cambium::model
