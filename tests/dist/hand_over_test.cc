#include "cambium/dist/hand_over.h"

#include <gtest/gtest.h>

#include <torch/csrc/distributed/c10d/HashStore.hpp>

namespace cambium::dist {
namespace {

TEST(HandOver, EachRanksPiecesComeInTheirOrderAndLeaveNothing) {
  const auto store = c10::make_intrusive<c10d::HashStore>();
  HandOver first(store, {.rank = 0, .size = 3}), second(store, {.rank = 1, .size = 3}),
      third(store, {.rank = 2, .size = 3});
  EXPECT_FALSE(first.take(1));
  EXPECT_EQ(second.untaken(), 0);
  const std::string large(size_t{9} << 20, 'x');  // more than a store takes at once
  second.give("one");
  third.give(large);
  second.give("");
  second.give(std::string("th\0ee", 5));
  EXPECT_EQ(second.untaken(), 8);
  EXPECT_EQ(third.untaken(), std::ssize(large));
  EXPECT_EQ(first.take(1), "one");
  EXPECT_EQ(second.untaken(), 5);
  EXPECT_EQ(first.take(1), "");
  EXPECT_TRUE(first.take(2) == large);
  EXPECT_FALSE(first.take(2));
  EXPECT_EQ(first.take(1), std::string("th\0ee", 5));
  EXPECT_EQ(second.untaken(), 0);
  EXPECT_EQ(third.untaken(), 0);
  EXPECT_EQ(store->getNumKeys(), 0);
  third.give("more");
  EXPECT_EQ(first.take(2), "more");
}

}  // namespace
}  // namespace cambium::dist
