#include <gtest/gtest.h>

#include <cmath>

#include "cambium/base/error.h"
#include "cambium/model/config/model_config.h"
#include "tests/support/refusal.h"

namespace cambium::model {
namespace {

using formats::Json;

constexpr Llama3Rope kLlama3{8, 1, 4, 64};

ModelConfig read(const Json& json) { return model_config_from_json(json, "config.json"); }

Json small(const Json& changes = Json::object()) {
  Json json = {{"model_type", "llama"},   {"vocab_size", 97},       {"hidden_size", 32},
               {"intermediate_size", 64}, {"num_hidden_layers", 2}, {"num_attention_heads", 4}};
  json.update(changes);
  return json;
}

Json llama3(const Json& changes = Json::object()) {
  Json json = {{"rope_type", "llama3"},
               {"factor", 8.0},
               {"low_freq_factor", 1.0},
               {"high_freq_factor", 4.0},
               {"original_max_position_embeddings", 64}};
  json.update(changes);
  return json;
}

TEST(ReadConfig, MissingKeysAsInTransformers) {
  const ModelConfig config = read(small());
  EXPECT_EQ(config.num_key_value_heads, 4);
  EXPECT_EQ(config.rope_theta, 10000);
  EXPECT_FALSE(config.tie_word_embeddings);
  EXPECT_EQ(config.rms_norm_eps, 1e-6);
  EXPECT_EQ(config.max_position_embeddings, 2048);
  EXPECT_FALSE(config.rope_scaling);
  EXPECT_FALSE(config.layer_norm_scaling);
  EXPECT_EQ(config.bos_token_id, 1);
  EXPECT_EQ(config.eos_token_id, 2);

  const ModelConfig all_missing = read({{"model_type", "llama"}});  // LLaMA 7B
  EXPECT_EQ(all_missing.vocab_size, 32000);
  EXPECT_EQ(all_missing.parameters(), 6'738'415'616);
  EXPECT_EQ(read(small({{"num_key_value_heads", nullptr}, {"head_dim", nullptr}})).num_key_value_heads, 4);
}

TEST(ReadConfig, StoredConfigurationsOfTransformers) {
  const std::filesystem::path folder = std::filesystem::path(CAMBIUM_GOLDEN_DIR) / "models";
  const auto load = [&](const std::string& name) {
    return model_config_from_json(formats::read_json(folder / name), name);
  };
  EXPECT_EQ(load("llama3/model/config.json").rope_scaling, kLlama3);
  for (const std::string name : {"llama3", "untied", "bfloat16"}) {
    EXPECT_EQ(load(name + "/model/config.json"), load(name + "/config-transformers-4.json")) << name;
  }
  EXPECT_EQ(load("untied/model/config.json").rope_theta, 500000);
  EXPECT_EQ(load("odd/model/config.json").head_dim(), 12);
  EXPECT_TRUE(load("tied/model/config.json").tie_word_embeddings);
  const ModelConfig scaled = load("../scaled/model/config.json");
  EXPECT_TRUE(scaled.layer_norm_scaling);
  EXPECT_FALSE(scaled.bos_token_id);
}

TEST(ReadConfig, TheSharedModel) {
  const std::filesystem::path path =
      std::filesystem::path(CAMBIUM_SHARED_DIR) / "data/weights/stories260K-hf/config.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no shared data beside the repository";
  const ModelConfig config = read(formats::read_json(path));
  EXPECT_EQ(config.head_dim(), 8);
  EXPECT_EQ(config.rms_norm_eps, 1e-5);
  EXPECT_EQ(config.parameters(), 260'032);
}

TEST(ReadConfig, RopeInEveryPlace) {
  EXPECT_EQ(read(small({{"rope_theta", 5e5}})).rope_theta, 5e5);
  EXPECT_EQ(read(small({{"rope_parameters", {{"rope_theta", 5e5}}}})).rope_theta, 5e5);
  EXPECT_EQ(read(small({{"rope_theta", 500000}, {"rope_parameters", {{"rope_theta", 5e5}}}})).rope_theta, 5e5);
  EXPECT_EQ(read(small({{"rope_scaling", llama3()}})).rope_scaling, kLlama3);
  EXPECT_EQ(read(small({{"rope_parameters", llama3()}})).rope_scaling, kLlama3);
  EXPECT_EQ(read(small({{"rope_parameters", llama3({{"rope_theta", 5e5}})}, {"rope_scaling", llama3()}})).rope_theta,
            5e5);
  Json old_name = llama3();
  old_name.erase("rope_type");
  old_name["type"] = "llama3";
  EXPECT_EQ(read(small({{"rope_scaling", old_name}})).rope_scaling, kLlama3);
  EXPECT_FALSE(read(small({{"rope_scaling", nullptr}, {"rope_parameters", nullptr}})).rope_scaling);
  EXPECT_FALSE(read(small({{"rope_scaling", {{"type", "default"}}}})).rope_scaling);
  Json shorter = llama3();
  shorter.erase("original_max_position_embeddings");
  EXPECT_EQ(read(small({{"rope_scaling", shorter}})).rope_scaling->original_max_position_embeddings, 2048);
}

TEST(ReadConfig, RefusesRopeThatItDoesNotKnow) {
  for (const char* type : {"linear", "dynamic", "yarn", "longrope", "mrope"}) {
    EXPECT_REFUSAL(read(small({{"rope_scaling", {{"type", type}, {"factor", 2.0}}}})), "rope_scaling.type", type);
    EXPECT_REFUSAL(read(small({{"rope_parameters", {{"rope_type", type}}}})), "rope_parameters.rope_type", type);
  }
  EXPECT_REFUSAL(read(small({{"rope_theta", 1e4}, {"rope_parameters", {{"rope_theta", 5e5}}}})), "rope_theta");
  EXPECT_REFUSAL(read(small({{"rope_scaling", llama3()}, {"rope_parameters", llama3({{"factor", 4.0}})}})),
                 "rope_parameters");
  EXPECT_REFUSAL(read(small({{"rope_scaling", llama3({{"factor", "x"}})}})), "rope_scaling.factor", "a number");
  EXPECT_REFUSAL(read(small({{"rope_scaling", llama3({{"factor", 0.5}})}})), "rope_scaling.factor");
  EXPECT_REFUSAL(read(small({{"rope_scaling", llama3({{"high_freq_factor", 1.0}})}})), "high_freq_factor");
  EXPECT_REFUSAL(read(small({{"rope_scaling", llama3({{"type", "linear"}})}})), "rope_scaling.type");
  EXPECT_REFUSAL(read(small({{"rope_scaling", 8}})), "rope_scaling");
  EXPECT_REFUSAL(read(small({{"rope_parameters", {{"partial_rotary_factor", 0.5}}}})), "partial_rotary_factor");
  EXPECT_REFUSAL(read(small({{"partial_rotary_factor", 0.5}})), "partial_rotary_factor");
  EXPECT_REFUSAL(read(small({{"rope_theta", 0}})), "rope_theta");
}

TEST(ReadConfig, RefusesFeaturesByName) {
  EXPECT_REFUSAL(read(small({{"head_dim", 16}})), "config.json", "head_dim", "found 16", "8");
  EXPECT_NO_THROW(read(small({{"head_dim", 8}})));
  EXPECT_REFUSAL(read(small({{"attention_bias", true}})), "attention_bias");
  EXPECT_REFUSAL(read(small({{"mlp_bias", true}})), "mlp_bias");
  EXPECT_REFUSAL(read(small({{"hidden_act", "gelu"}})), "hidden_act", "gelu");
  EXPECT_REFUSAL(read(small({{"sliding_window", 4096}})), "sliding_window");
  EXPECT_REFUSAL(read(small({{"quantization_config", {{"bits", 4}}}})), "quantization_config");
  EXPECT_REFUSAL(read(small({{"model_type", "mistral"}})), "model_type", "mistral");
  EXPECT_REFUSAL(read(Json::object()), "model_type");
  EXPECT_REFUSAL(read(Json::array()), "config.json", "object");
  EXPECT_REFUSAL(read(small({{"architectures", {"LlamaForSequenceClassification"}}})), "architectures");
  EXPECT_REFUSAL(read(small({{"layer_norm_scaling", true}})), "layer_norm_scaling", "cambium-llama");
  EXPECT_REFUSAL(read(small({{"model_type", "cambium-llama"}})), "layer_norm_scaling");
}

TEST(ReadConfig, RefusesSizesThatDoNotWork) {
  for (const char* key : {"vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
                          "num_key_value_heads", "max_position_embeddings"}) {
    for (const Json& value : {Json(0), Json(-4), Json("32"), Json(32.0), Json(true), Json(int64_t{1} << 40)}) {
      EXPECT_REFUSAL(read(small({{key, value}})), "config.json", key);
    }
  }
  EXPECT_REFUSAL(read(small({{"num_attention_heads", 5}})), "hidden_size", "multiple of the 5");
  EXPECT_REFUSAL(read(small({{"num_attention_heads", 32}})), "even");
  EXPECT_REFUSAL(read(small({{"num_key_value_heads", 3}})), "num_key_value_heads", "divisor");
  EXPECT_REFUSAL(read(small({{"rms_norm_eps", -1}})), "rms_norm_eps");
  EXPECT_REFUSAL(read(small({{"tie_word_embeddings", 1}})), "tie_word_embeddings");
}

TEST(ReadConfig, TokenIds) {
  EXPECT_EQ(read(small({{"eos_token_id", {7, 8}}})).eos_token_id, 7);
  EXPECT_FALSE(read(small({{"eos_token_id", nullptr}})).eos_token_id);
  EXPECT_EQ(read(small({{"bos_token_id", 0}})).bos_token_id, 0);
  EXPECT_REFUSAL(read(small({{"eos_token_id", Json::array()}})), "eos_token_id");
  EXPECT_REFUSAL(read(small({{"eos_token_id", {7, "x"}}})), "eos_token_id");
  EXPECT_REFUSAL(read(small({{"eos_token_id", -1}})), "eos_token_id");
}

TEST(WriteConfig, ReadsBackTheSame) {
  for (const std::string& name : preset_names())
    EXPECT_EQ(read(model_config_to_json(preset(name), "float32")), preset(name));
  ModelConfig config = read(small());
  config.rope_scaling = kLlama3;
  config.rope_theta = 5e5;
  config.rms_norm_eps = 1e-5;
  config.bos_token_id = std::nullopt;
  EXPECT_EQ(read(model_config_to_json(config, "bfloat16")), config);
  config.layer_norm_scaling = true;
  EXPECT_EQ(read(model_config_to_json(config, "bfloat16")), config);
}

TEST(WriteConfig, KeysThatTransformersReads) {
  ModelConfig config = preset("smollm-360m");
  Json json = model_config_to_json(config, "float32");
  EXPECT_EQ(json["model_type"], "llama");
  EXPECT_EQ(json["architectures"], Json::array({"LlamaForCausalLM"}));
  EXPECT_EQ(json["head_dim"], 64);
  EXPECT_EQ(json["hidden_act"], "silu");
  EXPECT_EQ(json["torch_dtype"], "float32");
  EXPECT_EQ(json["dtype"], "float32");
  EXPECT_EQ(json["rope_theta"], 10000.0);
  EXPECT_TRUE(json["rope_scaling"].is_null());
  EXPECT_EQ(json["attention_bias"], false);
  EXPECT_EQ(json["mlp_bias"], false);
  EXPECT_NEAR(json["initializer_range"].get<double>(), 0.0322749, 1e-7);
  EXPECT_FALSE(json.contains("layer_norm_scaling"));

  config.layer_norm_scaling = true;
  json = model_config_to_json(config, "float32");
  EXPECT_EQ(json["model_type"], "cambium-llama");
  EXPECT_EQ(json["architectures"], Json::array({"CambiumLlamaForCausalLM"}));
  EXPECT_EQ(json["layer_norm_scaling"], true);
}

TEST(Presets, ParameterCounts) {
  EXPECT_EQ(preset("smollm-135m").parameters(), 134'515'008);
  EXPECT_EQ(preset("smollm-360m").parameters(), 361'821'120);
  EXPECT_EQ(preset("smollm-360m").layer_matmul_parameters(), 9'830'400);
  EXPECT_EQ(preset("smollm-1.7b").parameters(), 1'711'376'384);
  EXPECT_EQ(preset("smollm-1.7b").layer_matmul_parameters(), 67'108'864);
  EXPECT_EQ(preset("tiny").parameters(), 3'607'680);
  EXPECT_EQ(preset("laptop").parameters(), 12'327'168);
  EXPECT_REFUSAL(preset("smollm-360"), "did you mean `smollm-360m`");
  for (const std::string& name : preset_names()) EXPECT_NO_THROW(check(preset(name), name));
}

}  // namespace
}  // namespace cambium::model
