#include "cambium/growth/operator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "cambium/base/format.h"
#include "tests/support/refusal.h"

namespace cambium::growth {
namespace {

Growth midas(int layers, int block) { return grow_by("midas", layers, block); }
Growth lidas(int layers, int block) { return grow_by("lidas", layers, block); }

struct Example {
  int layers;
  int midas_source, lidas_source;  ///< first of four
  int insert_at;
};

// Worked by hand from the definitions, block size 4.
constexpr Example kExamples[] = {
    {4, 0, 0, 4}, {8, 0, 2, 4}, {12, 4, 4, 8}, {16, 4, 6, 8}, {20, 8, 8, 12}, {24, 8, 10, 12}, {28, 12, 12, 16},
};

std::vector<int> four_from(int first) { return {first, first + 1, first + 2, first + 3}; }

TEST(Operators, WorkedExamples) {
  for (const Example& example : kExamples) {
    SCOPED_TRACE(example.layers);
    EXPECT_EQ(midas(example.layers, 4), (Growth{four_from(example.midas_source), example.insert_at}));
    EXPECT_EQ(lidas(example.layers, 4), (Growth{four_from(example.lidas_source), example.insert_at}));
  }
}

TEST(Operators, OtherBlockSizes) {
  EXPECT_EQ(midas(4, 1), (Growth{{1}, 2}));
  EXPECT_EQ(lidas(4, 1), (Growth{{1}, 2}));
  EXPECT_EQ(midas(6, 3), (Growth{{0, 1, 2}, 3}));
  EXPECT_EQ(lidas(6, 3), (Growth{{1, 2, 3}, 3}));
  EXPECT_EQ(lidas(4, 2), (Growth{{1, 2}, 2}));
}

TEST(Operators, FitEveryDepthTheyAreMeantFor) {
  for (const Operator& op : operators()) {
    for (int block = 1; block <= 7; ++block) {
      for (int blocks = 1; blocks <= 9; ++blocks) {
        SCOPED_TRACE(format("{}, {} blocks of {}", op.name, blocks, block));
        const int layers = block * blocks;
        const Growth growth = grow_by(op.name, layers, block);
        ASSERT_EQ(layers + static_cast<int>(growth.sources.size()), depth_after(op, layers, block));
        const std::vector<int> map = layer_map(layers, growth);
        ASSERT_EQ(map.size(), static_cast<size_t>(depth_after(op, layers, block)));
        std::vector<int> old = map;  // without the new layers, the old ones in their order
        for (size_t i = growth.sources.size(); i-- > 0;) {
          EXPECT_EQ(map[static_cast<size_t>(growth.place(i))], growth.sources[i]);
          old.erase(old.begin() + growth.place(i));
        }
        for (int layer = 0; layer < layers; ++layer) EXPECT_EQ(old[static_cast<size_t>(layer)], layer);
        if (blocks % 2 == 1) {
          EXPECT_EQ(lidas(layers, block), midas(layers, block));
        }
      }
    }
  }
}

TEST(Operators, OfEightLayersAsTheirPicturesShow) {
  // "0 1 [2 3] 4": the layers without brackets ascend, those in brackets are the sources.
  for (const Operator& op : operators()) {
    if (op.name.starts_with("random")) continue;
    SCOPED_TRACE(op.name);
    std::string shown;
    const Growth growth = grow_by(op.name, 8, 4);
    const std::vector<int> map = layer_map(8, growth);
    for (size_t i = 0, made = 0; i < map.size(); ++i) {
      const bool is_new = made < growth.sources.size() && growth.place(made) == static_cast<int>(i);
      const bool follows = is_new && made > 0 && growth.place(made - 1) == static_cast<int>(i) - 1;
      shown += shown.empty() ? "" : " ";
      if (is_new && !follows) shown += '[';
      std::string name = map[i] == kNoSource ? "*" : std::to_string(map[i]);
      if (is_new && growth.making == Making::kIdentity) name += '\'';
      if (is_new && growth.making == Making::kAverage) name += '+' + std::to_string(growth.partners[made]);
      shown += name;
      made += is_new ? 1 : 0;
      const bool ends = is_new && (made == growth.sources.size() || growth.place(made) != static_cast<int>(i) + 1);
      if (ends) shown += ']';
    }
    EXPECT_EQ(shown, op.picture);
  }
}

TEST(Operators, WorkedByHand) {
  EXPECT_EQ(grow_by("gradstack", 8, 4), (Growth{four_from(4), 8}));
  EXPECT_EQ(grow_by("bottom", 12, 4), (Growth{four_from(0), 4}));
  EXPECT_EQ(grow_by("lidas_middle", 12, 4), (Growth{four_from(4), 6}));
  EXPECT_EQ(grow_by("lidas_middle", 8, 4), lidas(8, 4));
  EXPECT_EQ(grow_by("stack", 3, 1), (Growth{{0, 1, 2}, 3}));
  EXPECT_EQ(layer_map(3, grow_by("interpose", 3, 1)), (std::vector<int>{0, 0, 1, 1, 2, 2}));
  const Growth fresh = grow_by("fresh", 8, 2);
  EXPECT_EQ(fresh.making, Making::kFresh);
  EXPECT_EQ(layer_map(4, grow_by("fresh", 4, 2)), (std::vector<int>{0, 1, kNoSource, kNoSource, 2, 3}));
  EXPECT_EQ(grow_by("average", 8, 4).partners, four_from(4));
  EXPECT_EQ(grow_by("average", 4, 4).partners, four_from(0));  // of one block: itself
  EXPECT_EQ(grow_by("identity", 8, 4).sources, midas(8, 4).sources);
}

TEST(Operators, DrawsFollowTheSeedAndTheDepth) {
  for (const std::string name : {"random", "random_layers"}) {
    std::set<std::vector<int>> seen;
    std::set<int> places;
    for (uint64_t seed = 0; seed < 60; ++seed) {
      const GrowthRequest request{.num_layers = 12, .block_size = 4, .seed = seed};
      const Growth growth = grow_by(name, request);
      EXPECT_EQ(growth, grow_by(name, request));
      EXPECT_TRUE(std::is_sorted(growth.sources.begin(), growth.sources.end()));
      EXPECT_EQ(std::set<int>(growth.sources.begin(), growth.sources.end()).size(), 4u);
      EXPECT_EQ(growth.insert_at % 4, 0);
      seen.insert(growth.sources);
      places.insert(growth.insert_at);
    }
    EXPECT_GE(seen.size(), 3u) << name;
    EXPECT_EQ(places.size(), name == "random" ? 4u : 1u);  // each gap between blocks; the middle
  }
}

TEST(Operators, RefuseDepthsThatDoNotFitAndNameTheNearest) {
  EXPECT_REFUSAL(midas(10, 4), "10 layers", "block of 4", "8 or 12");
  EXPECT_REFUSAL(lidas(3, 4), "nearest: 4");
  EXPECT_REFUSAL(lidas(0, 4), "nearest: 4");
  EXPECT_REFUSAL(midas(8, 0), "block_size");
  EXPECT_REFUSAL(midas(-4, 4), "nearest: 4");
}

TEST(Operators, ByName) {
  EXPECT_EQ(grow_by("midas", 16, 4), midas(16, 4));
  EXPECT_EQ(grow_by("lidas", 16, 4), lidas(16, 4));
  EXPECT_REFUSAL(grow_by("lidos", 16, 4), "`lidos`", "did you mean `lidas`", "midas");
}

TEST(LayerMap, PutsCopiesInPlace) {
  EXPECT_EQ(layer_map(8, lidas(8, 4)), (std::vector<int>{0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7}));
  EXPECT_EQ(layer_map(8, midas(8, 4)), (std::vector<int>{0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(layer_map(2, {{1, 0}, 0}), (std::vector<int>{1, 0, 0, 1}));
  EXPECT_EQ(layer_map(2, {{}, 2}), (std::vector<int>{0, 1}));
  EXPECT_REFUSAL(layer_map(2, {{2}, 0}), "2 layers");
  EXPECT_REFUSAL(layer_map(2, {{0}, 3}), "inserts at 3");
  EXPECT_REFUSAL(layer_map(2, {{-1}, 0}), "2 layers");
  EXPECT_REFUSAL(layer_map(2, {{0, 1}, 1, {1, 4}}), "places 1 4");
  EXPECT_REFUSAL(layer_map(2, {{0, 1}, 2, {2, 1}}), "places 2 1");
  EXPECT_EQ(layer_map(2, {{0, 1}, 0, {0, 3}}), (std::vector<int>{0, 0, 1, 1}));
}

}  // namespace
}  // namespace cambium::growth
