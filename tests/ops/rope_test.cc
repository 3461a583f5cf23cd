#include "cambium/ops/rope.h"

#include "tests/ops/op_test.h"
#include "tests/ops/twins.h"

namespace cambium::ops {
namespace {

/// A table of any angles: the op does not care where they come from.
RopeTable random_table(int64_t positions, int64_t head_dim) {
  const at::Tensor angles = at::rand({positions, head_dim / 2}) * 6;
  return {.cos = angles.cos(), .sin = angles.sin()};
}

class Rope : public OpTest {};

TEST_P(Rope, ForwardAndBackwardAreTheTwins) {
  constexpr int64_t kBatch = 2, kFirst = 5;
  for (const int64_t seq : {1, 7, 65, 513}) {
    for (const int64_t head_dim : {2, 12, 64}) {
      SCOPED_TRACE(testing::Message() << seq << " positions, head_dim " << head_dim);
      // Three query heads and one key head are turned, the value head behind them is not.
      const int64_t heads = 4, columns = 5 * head_dim;
      const RopeTable table = random_table(kFirst + seq, head_dim);
      const at::Tensor before = random({kBatch * seq, columns}), dy = random({kBatch * seq, columns});
      at::Tensor x = before.clone(), dx = dy.clone();
      rope(x, table, heads, head_dim, seq, kFirst);
      rope_backward(dx, table, heads, head_dim, seq, kFirst);

      const at::Tensor x_leaf = leaf(before);
      const at::Tensor wanted = twins::rope(x_leaf, table, heads, head_dim, seq, kFirst);
      wanted.backward(dy.to(at::kDouble));
      EXPECT_TRUE(close(x, wanted, rounding(type())));
      EXPECT_TRUE(close(dx, x_leaf.grad(), rounding(type())));
      EXPECT_TRUE(at::equal(x.narrow(1, 4 * head_dim, head_dim), before.narrow(1, 4 * head_dim, head_dim)));
    }
  }
}

TEST_P(Rope, AtAPositionDoesNotDependOnWhatStandsBefore) {
  const RopeTable table = random_table(40, 12);
  const at::Tensor before = random({40, 24});
  at::Tensor all = before.clone(), last = before.narrow(0, 33, 7).clone();
  rope(all, table, 2, 12, 40, 0);
  rope(last, table, 2, 12, 7, 33);
  EXPECT_TRUE(at::equal(all.narrow(0, 33, 7), last));
}

TEST_P(Rope, GivesTheSameBitsTwice) {
  const RopeTable table = random_table(513, 12);
  const at::Tensor before = random({513, 60});
  expect_same_bits_twice([&] {
    at::Tensor x = before.clone(), dx = before.clone();
    rope(x, table, 4, 12, 513, 0);
    rope_backward(dx, table, 4, 12, 513, 0);
    return std::vector{x, dx};
  });
}

INSTANTIATE_OP_TEST(Rope);

}  // namespace
}  // namespace cambium::ops
