#include "cambium/base/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace cambium {
namespace {

// Known answers of the Random123 distribution (kat_vectors, philox4x32 10).
TEST(Philox, MatchesThePublishedVectors) {
  EXPECT_EQ(philox(0, 0, 0), (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox(~0ULL, ~0ULL, ~0ULL), (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox(0x299f31d0a4093822, 0x85a308d3243f6a88, 0x0370734413198a2e),
            (std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(CounterRandom, IsAFunctionOfItsPosition) {
  CounterRandom whole(7, "stream");
  std::vector<uint32_t> draws;
  for (int i = 0; i < 20; ++i) {
    draws.push_back(whole.next_u32());
  }
  CounterRandom later(7, "stream");
  later.set_position(13);
  for (int i = 13; i < 20; ++i) {
    EXPECT_EQ(later.next_u32(), draws[i]);
  }
  EXPECT_NE(CounterRandom(7, "other").next_u32(), draws[0]);
  EXPECT_NE(CounterRandom(8, "stream").next_u32(), draws[0]);
}

TEST(CounterRandom, NormalHasUnitMoments) {
  CounterRandom random(1, "normal");
  double sum = 0, squares = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.02);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
}

TEST(KeyedPermutation, IsABijectionForEverySmallSize) {
  for (uint64_t size = 1; size <= 300; ++size) {
    const KeyedPermutation permutation(size, size * 31);
    std::vector<bool> seen(size, false);
    for (uint64_t i = 0; i < size; ++i) {
      const uint64_t to = permutation(i);
      ASSERT_LT(to, size);
      ASSERT_FALSE(seen[to]) << "size " << size;
      seen[to] = true;
    }
  }
}

TEST(KeyedPermutation, KeysGiveDifferentOrders) {
  const KeyedPermutation a(1000, 1), b(1000, 2);
  int equal = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    equal += a(i) == b(i) ? 1 : 0;
  }
  EXPECT_LT(equal, 20);
}

}  // namespace
}  // namespace cambium
