#include <gtest/gtest.h>

#include "cambium/base/error.h"
#include "tests/model/small_model.h"

namespace cambium::model {
namespace {

class LayerOrder : public testing::TestWithParam<Precision> {
 protected:
  LayerOrder() : model_(small_model(small_config(5), GetParam())), ids_(some_ids(2, 17)) {}
  at::Tensor logits(const std::vector<int>& order) { return logits_of(model_, ids_, order); }
  /// The logits of a model that has these layers and no others.
  at::Tensor logits_of_model_with(const std::vector<int>& layers) const {
    ModelConfig config = model_.config;
    config.num_hidden_layers = static_cast<int64_t>(layers.size());
    Parameters parameters = model_.weights;
    remap_layers(parameters, layers);
    Llama other(config, parameters, GetParam());
    return logits_of(other, ids_);
  }

  Llama model_;
  at::Tensor ids_;
};

TEST_P(LayerOrder, PlainIsTheDefault) { EXPECT_TRUE(at::equal(logits({}), logits(plain_order(5)))); }

TEST_P(LayerOrder, IsAModelWithTheseLayers) {
  for (const std::vector<int>& order : std::vector<std::vector<int>>{
           {0, 1, 3, 4}, {1, 2, 3, 4}, {0, 1, 2, 3}, {2}, {0, 3, 2, 1, 4}, {4, 3, 2, 1, 0}, {0, 1, 2, 1, 2, 3, 4}}) {
    EXPECT_TRUE(at::equal(logits(order), logits_of_model_with(order))) << testing::PrintToString(order);
    EXPECT_FALSE(at::equal(logits(order), logits({}))) << testing::PrintToString(order);
  }
}

TEST_P(LayerOrder, OfIdenticalLayersDoesNotMatter) {
  model_.weights.layers[3].copy_(model_.weights.layers[1]);
  model_.refresh_compute();
  EXPECT_TRUE(at::equal(logits({0, 3, 2, 1, 4}), logits({})));
  EXPECT_TRUE(at::equal(logits({0, 1, 2, 1, 4}), logits({})));
  EXPECT_FALSE(at::equal(logits({0, 2, 1, 3, 4}), logits({})));
}

TEST_P(LayerOrder, RefusesLayersThatAreNotThere) {
  EXPECT_THROW(logits({0, 5}), InvalidArgument);
  EXPECT_THROW(logits({-1}), InvalidArgument);
}

TEST_P(LayerOrder, RefusesIdsOutsideTheVocabulary) {
  Forward forward(model_);
  for (const int32_t id : {-1, 101}) {
    at::Tensor ids = some_ids(1, 4);
    ids[0][2] = id;
    EXPECT_THROW(forward.hidden(ids), InvalidArgument) << id;
  }
}

INSTANTIATE_TEST_SUITE_P(In, LayerOrder, testing::Values(Precision::kFloat32, Precision::kBFloat16),
                         [](const auto& each) { return each.param == Precision::kFloat32 ? "float32" : "bfloat16"; });

}  // namespace
}  // namespace cambium::model
