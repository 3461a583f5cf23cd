#include "cambium/growth/symmetry.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/refusal.h"

namespace cambium::growth {
namespace {

TEST(BlockPairs, MirrorImagesAboutTheCentre) {
  EXPECT_EQ(block_pairs(4, {}), (std::vector<BlockPair>{{0, 3}, {1, 2}}));
  EXPECT_EQ(block_pairs(5, {}), (std::vector<BlockPair>{{0, 4}, {1, 3}}));  // the middle block is its own image
  EXPECT_EQ(block_pairs(5, {.strength = 1, .control = "random"}), block_pairs(5, {}));
}

TEST(BlockPairs, UnmatchedAreAsManyAndNoMirrorImages) {
  for (int blocks = 3; blocks <= 9; ++blocks) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const Symmetrize how{.strength = 1, .control = "unmatched", .seed = seed};
      const std::vector<BlockPair> pairs = block_pairs(blocks, how);
      EXPECT_EQ(pairs, block_pairs(blocks, how));
      EXPECT_EQ(pairs.size(), block_pairs(blocks, {}).size());
      std::set<int> seen;
      for (const auto& [one, other] : pairs) {
        EXPECT_NE(one + other, blocks - 1);
        seen.insert({one, other});
      }
      EXPECT_EQ(seen.size(), 2 * pairs.size());
      EXPECT_GE(*seen.begin(), 0);
      EXPECT_LT(*seen.rbegin(), blocks);
    }
  }
}

TEST(BlockPairs, RefusesWhatHasNone) {
  EXPECT_REFUSAL(block_pairs(1, {}), "at least 2 blocks, found 1");
  EXPECT_REFUSAL(block_pairs(2, {.strength = 1, .control = "unmatched"}), "unmatched", "at least 3");
}

}  // namespace
}  // namespace cambium::growth
