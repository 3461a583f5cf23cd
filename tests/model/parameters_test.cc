#include "cambium/model/parameters.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "tests/model/small_model.h"

namespace cambium::model {
namespace {

std::map<std::string, at::Tensor> tensors_of(const ModelConfig& config, const Parameters& parameters) {
  std::map<std::string, at::Tensor> tensors;
  for_each_tensor(config, parameters, [&](const std::string& name, const at::Tensor& view) { tensors[name] = view; });
  return tensors;
}

TEST(Parameters, AreTheCountOfTheConfiguration) {
  for (const bool tied : {false, true}) {
    ModelConfig config = small_config(3);
    config.tie_word_embeddings = tied;
    const Parameters parameters = Parameters::zeros(config, at::kFloat);
    EXPECT_EQ(parameters.numel(), config.parameters());
    int64_t visited = 0;
    for (const auto& [name, view] : tensors_of(config, parameters)) {
      visited += view.numel();
    }
    EXPECT_EQ(visited, config.parameters());
  }
}

TEST(Parameters, HaveViewsThatCoverTheirBlocksOnce) {
  const ModelConfig config = small_config(2);
  const Parameters parameters = Parameters::zeros(config, at::kFloat);
  for (const auto& [name, view] : tensors_of(config, parameters)) {
    at::Tensor(view).add_(1);
  }
  for (const at::Tensor& block : parameters.blocks()) {
    EXPECT_TRUE(at::equal(block, at::ones_like(block)));
  }
}

TEST(Parameters, ArePackedAsTheLayerReadsThem) {
  const ModelConfig config = small_config(1);
  const Llama model = small_model(config);
  std::map<std::string, at::Tensor> named = tensors_of(config, model.weights);
  const auto tensor = [&](const std::string& name) { return named.at("model.layers.0." + name + ".weight"); };
  const LayerWeights layer = model.layer(0);
  EXPECT_TRUE(at::equal(layer.qkv,
                        at::cat({tensor("self_attn.q_proj"), tensor("self_attn.k_proj"), tensor("self_attn.v_proj")})));
  EXPECT_TRUE(at::equal(layer.gate_up, at::cat({tensor("mlp.gate_proj"), tensor("mlp.up_proj")})));
  EXPECT_TRUE(at::equal(layer.o, tensor("self_attn.o_proj")));
  EXPECT_TRUE(at::equal(layer.down, tensor("mlp.down_proj")));
  EXPECT_TRUE(at::equal(model.head(), named.at("lm_head.weight")));
}

TEST(Initialize, DrawsMatricesWithTheStandardDeviationAndSetsNormsToOne) {
  const ModelConfig config = small_config(3);
  const double std = 1.0 / std::sqrt(60.0);
  const Parameters parameters = random_parameters(config, 11);
  for (const auto& [name, view] : tensors_of(config, parameters)) {
    if (view.dim() == 1) {
      EXPECT_TRUE(at::equal(view, at::ones_like(view))) << name;
      continue;
    }
    const double count = static_cast<double>(view.numel());
    const at::Tensor z = view.to(at::kDouble) / std;
    // Five standard errors of the mean, the variance and the fourth moment (3, with variance 96 / n).
    EXPECT_LT(std::abs(z.mean().item<double>()), 5 / std::sqrt(count)) << name;
    EXPECT_NEAR(z.pow(2).mean().item<double>(), 1, 5 * std::sqrt(2 / count)) << name;
    EXPECT_NEAR(z.pow(4).mean().item<double>(), 3, 5 * std::sqrt(96 / count)) << name;
    // Neighbours are not correlated.
    const at::Tensor flat = z.flatten();
    const int64_t pairs = flat.numel() - 1;
    EXPECT_LT(std::abs((flat.narrow(0, 0, pairs) * flat.narrow(0, 1, pairs)).mean().item<double>()),
              5 / std::sqrt(count))
        << name;
  }
}

TEST(Initialize, OfALayerDoesNotDependOnTheDepth) {
  const std::map<std::string, at::Tensor> shallow = tensors_of(small_config(2), random_parameters(small_config(2), 11));
  const std::map<std::string, at::Tensor> deep = tensors_of(small_config(6), random_parameters(small_config(6), 11));
  for (const auto& [name, view] : shallow) {
    EXPECT_TRUE(at::equal(deep.at(name), view)) << name;
  }
}

TEST(Initialize, GivesEveryTensorAndSeedItsOwnNumbers) {
  const ModelConfig config = small_config(2);
  const Parameters one = random_parameters(config, 11), other = random_parameters(config, 12);
  EXPECT_FALSE(at::equal(one.layers[0], one.layers[1]));
  EXPECT_FALSE(at::equal(one.layers[0], other.layers[0]));
  const LayerWeights layer = view_layer(config, one.layers[0], one.layers[0]);
  EXPECT_FALSE(at::equal(layer.gate_up.narrow(0, 0, 84), layer.gate_up.narrow(0, 84, 84)));
  EXPECT_NE(one.embedding[0].item<float>(), one.head[60].item<float>());
}

TEST(Initialize, GivesTheSameBitsForAnyNumberOfThreads) {
  const ModelConfig config = small_config(2);
  at::set_num_threads(2);
  const Parameters two = random_parameters(config, 11);
  at::set_num_threads(1);
  const Parameters one = random_parameters(config, 11);
  for (size_t i = 0; i < one.blocks().size(); ++i) {
    EXPECT_TRUE(at::equal(one.blocks()[i], two.blocks()[i])) << i;
  }
}

TEST(Llama, ScalesTheNormsWithTheRootOfTheDepth) {
  ModelConfig config = small_config(1);
  const Llama plain = small_model(config);
  config.layer_norm_scaling = true;
  const Llama scaled = small_model(config);
  EXPECT_EQ(scaled.norm_scale(0), 1.0);
  EXPECT_NEAR(scaled.norm_scale(23), 0.204124, 5e-7);
  EXPECT_NEAR(scaled.norm_scale(31), 0.176777, 5e-7);
  for (const int64_t place : {0, 23, 31}) {
    EXPECT_EQ(plain.norm_scale(place), 1.0);
  }
}

TEST(Llama, UsesTheEmbeddingAsATiedHead) {
  ModelConfig config = small_config(1);
  config.tie_word_embeddings = true;
  for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16}) {
    const Llama model = small_model(config, precision);
    EXPECT_TRUE(at::equal(model.head(), model.embedding().to(compute_type(precision))));
  }
}

}  // namespace
}  // namespace cambium::model
