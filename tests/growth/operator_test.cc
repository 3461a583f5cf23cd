#include "cambium/growth/operator.h"

#include <gtest/gtest.h>

#include "tests/support/refusal.h"

namespace cambium::growth {
namespace {

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

TEST(Operators, SourcesAreLayersAndTheBlockFitsForEveryDepth) {
  for (const std::string& name : operator_names()) {
    for (int block = 1; block <= 7; ++block) {
      for (int blocks = 1; blocks <= 9; ++blocks) {
        const Growth growth = grow_by(name, block * blocks, block);
        EXPECT_EQ(growth.sources.size(), static_cast<size_t>(block));
        EXPECT_GE(growth.sources.front(), 0);
        EXPECT_LT(growth.sources.back(), block * blocks);
        EXPECT_EQ(growth.insert_at % block, 0);
        if (blocks % 2 == 1) {
          EXPECT_EQ(lidas(block * blocks, block), midas(block * blocks, block));
        }
      }
    }
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
}

}  // namespace
}  // namespace cambium::growth
