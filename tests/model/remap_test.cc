#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "cambium/growth/operator.h"
#include "tests/model/small_model.h"

namespace cambium::model {
namespace {

/// Weights, or moments: anything of the layout.
void grow(ModelConfig& config, Parameters& parameters, const growth::Growth& growth) {
  const std::vector<int> map = growth::layer_map(static_cast<int>(parameters.layers.size()), growth);
  remap_layers(parameters, map);
  config.num_hidden_layers = static_cast<int64_t>(parameters.layers.size());
}

TEST(RemapLayers, CopiesBitsAndSharesNoMemory) {
  const ModelConfig config = small_config(4);
  Parameters parameters = random_parameters(config, 3);
  std::vector<at::Tensor> before;
  for (const at::Tensor& layer : parameters.layers) {
    before.push_back(layer.clone());
  }
  const at::Tensor embedding = parameters.embedding.clone(), head = parameters.head.clone();
  const std::vector<int> map{0, 1, 2, 3, 0, 2, 2};
  remap_layers(parameters, map);
  ASSERT_EQ(parameters.layers.size(), map.size());
  std::set<const void*> memory;
  for (size_t i = 0; i < map.size(); ++i) {
    EXPECT_TRUE(at::equal(parameters.layers[i], before[static_cast<size_t>(map[i])])) << i;
    memory.insert(parameters.layers[i].const_data_ptr());
  }
  EXPECT_EQ(memory.size(), map.size());
  EXPECT_TRUE(at::equal(parameters.embedding, embedding));
  EXPECT_TRUE(at::equal(parameters.head, head));
  parameters.layers[4].zero_();
  EXPECT_TRUE(at::equal(parameters.layers[0], before[0]));
}

TEST(RemapLayers, ShrinksAndReorders) {
  Parameters parameters = random_parameters(small_config(4), 3);
  const std::vector<at::Tensor> before = parameters.layers;
  remap_layers(parameters, std::vector<int>{3, 1});
  ASSERT_EQ(parameters.layers.size(), 2);
  EXPECT_TRUE(at::equal(parameters.layers[0], before[3]));
  EXPECT_TRUE(at::equal(parameters.layers[1], before[1]));
}

class GrowthIn : public testing::TestWithParam<Precision> {};

/// The middle block and its copy stand side by side and are the same, so they may change places.
TEST_P(GrowthIn, MidasRightAfterTheCopyAllowsInterchangingItWithItsSource) {
  constexpr int kBlock = 4;
  for (const int layers : {4, 8}) {
    ModelConfig config = small_config(layers);
    Parameters parameters = random_parameters(config, 3);
    const growth::Growth growth = growth::grow_by("midas", layers, kBlock);
    grow(config, parameters, growth);
    Llama model(config, parameters, GetParam());
    std::vector<int> order = plain_order(config.num_hidden_layers);
    ASSERT_EQ(growth.sources.front() + kBlock, growth.insert_at);
    const auto source = order.begin() + growth.sources.front();
    std::swap_ranges(source, source + kBlock, source + kBlock);
    const at::Tensor ids = some_ids(2, 33), plain = logits_of(model, ids);
    EXPECT_TRUE(at::equal(logits_of(model, ids, order), plain)) << layers;
    // Turning the copy round is something else.
    std::reverse(source, source + kBlock);
    EXPECT_FALSE(at::equal(logits_of(model, ids, order), plain)) << layers;
  }
}

TEST_P(GrowthIn, AModelInPlaceIsTheGrownModel) {
  ModelConfig config = small_config(8);
  Llama model = small_model(config, GetParam());
  const at::Tensor ids = some_ids(2, 33), before = logits_of(model, ids);
  const std::vector<int> map = growth::layer_map(8, growth::grow_by("lidas", 8, 4));
  const at::Tensor as_order = logits_of(model, ids, map);
  remap_layers(model.weights, map);
  model.follow_growth();
  EXPECT_TRUE(at::equal(logits_of(model, ids), as_order));
  EXPECT_FALSE(at::equal(as_order, before));  // growth does not keep the function
}

INSTANTIATE_TEST_SUITE_P(In, GrowthIn, testing::Values(Precision::kFloat32, Precision::kBFloat16),
                         [](const auto& each) { return each.param == Precision::kFloat32 ? "float32" : "bfloat16"; });

}  // namespace
}  // namespace cambium::model
