#include "cambium/model/config/layer_order.h"

#include <gtest/gtest.h>

#include "tests/support/refusal.h"

namespace cambium::model {
namespace {

using Order = std::vector<int>;

TEST(LayerOrder, OfALoop) {
  ModelConfig config;
  config.num_hidden_layers = 6;
  EXPECT_EQ(layer_order(config), (Order{0, 1, 2, 3, 4, 5}));
  config.loop = Loop{2, 4, 3};
  EXPECT_EQ(layer_order(config), (Order{0, 1, 2, 3, 2, 3, 2, 3, 4, 5}));
  EXPECT_EQ(config.places(6), 10);
  config.loop = Loop{0, 6, 2};
  EXPECT_EQ(layer_order(config), (Order{0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5}));
}

TEST(ParseLayerOrder, ReadsLayersRangesAndRepetitions) {
  EXPECT_EQ(parse_layer_order("0-3,4-5x2,6", 7), (Order{0, 1, 2, 3, 4, 5, 4, 5, 6}));
  EXPECT_EQ(parse_layer_order("3-1, 0x3", 4), (Order{3, 2, 1, 0, 0, 0}));
  EXPECT_EQ(parse_layer_order("2", 3), (Order{2}));
  for (const char* broken : {"", ",", "1,", "a", "1-", "-1", "1x", "1x0", "1-2-3", "1 2", "1x2x3", "99999999999"}) {
    SCOPED_TRACE(broken);
    EXPECT_REFUSAL(parse_layer_order(broken, 4), "layer order");
  }
  EXPECT_REFUSAL(parse_layer_order("0-4", 4), "layers 0 to 3", "`0-4`");
  EXPECT_REFUSAL(parse_layer_order("0-3x99999999", 4), "places");
}

}  // namespace
}  // namespace cambium::model
