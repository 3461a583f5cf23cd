#include "cambium/dist/agreement.h"

#include <gtest/gtest.h>

#include "cambium/dist/group.h"
#include "cambium/dist/partition.h"

namespace cambium::dist {
namespace {

TEST(Facts, ReadBack) {
  const std::vector<Fact> facts{{"a", "1:2\n"}, {"", ""}, {"b:c", "[x]"}};
  const std::vector<Fact> again = unpack(pack(facts));
  ASSERT_EQ(again.size(), facts.size());
  for (size_t i = 0; i < facts.size(); ++i) {
    EXPECT_EQ(again[i].name, facts[i].name);
    EXPECT_EQ(again[i].value, facts[i].value);
  }
  EXPECT_TRUE(unpack("").empty());
}

TEST(Difference, NamesTheFirstLineThatDiffers) {
  const std::vector<Fact> first{{"version", "1.0"}, {"configuration", "[run]\nseed = 1\n\n[train]\nsteps = 5\n"}};
  EXPECT_EQ(difference(first, first), "");
  std::vector<Fact> other = first;
  other[1].value = "[run]\nseed = 1\n\n[train]\nsteps = 6\n";
  EXPECT_EQ(difference(other, first), "has another configuration: `steps = 6` where rank 0 has `steps = 5` in [train]");
  other[0].value = "0.9";
  EXPECT_EQ(difference(other, first), "has another version: `0.9` where rank 0 has `1.0`");
  other = first;
  other[1].value += "x";
  EXPECT_EQ(difference(other, first), "has another configuration: `x` where rank 0 has `` in [train]");
  EXPECT_NE(difference({}, first), "");
}

TEST(Partition, LeavesNothingOutAndNothingTwice) {
  for (const int64_t size : {1, 2, 3, 4, 7}) {
    for (const int64_t numel : {0, 1, 15, 16, 100, 1000, 4099}) {
      int64_t end = 0, shared = 0;
      for (int64_t rank = 0; rank < size; ++rank) {
        const Partition place{rank, size};
        EXPECT_EQ(place.of(numel).begin, end);
        EXPECT_TRUE(size == 1 || place.of(numel).begin % 16 == 0);
        end = place.of(numel).end;
        EXPECT_EQ(place.share(numel).begin, shared);
        shared = place.share(numel).end;
        EXPECT_LE(place.share(numel).length(), numel / size + 1);
      }
      EXPECT_EQ(end, numel);
      EXPECT_EQ(shared, numel);
    }
  }
}

TEST(Alone, AgreesWithItself) {
  const std::unique_ptr<Group> group = alone();
  EXPECT_TRUE(group->leads());
  EXPECT_EQ(group->size(), 1);
  EXPECT_EQ(group->sum(0.1), 0.1);
  EXPECT_EQ(group->from_first("x"), "x");
  at::Tensor values = at::ones({3});
  group->collectives().start_sum(values)->wait();
  EXPECT_TRUE(at::equal(values, at::ones({3})));
}

}  // namespace
}  // namespace cambium::dist
