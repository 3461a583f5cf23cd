#include "cambium/ops/linear.h"

#include "tests/ops/op_test.h"

namespace cambium::ops {
namespace {

class Linear : public OpTest {
 protected:
  /// A sum is rounded with the terms' size, which is the largest entries'.
  static Tolerance sums() { return type() == at::kFloat ? Tolerance{2e-6, 2e-6} : Tolerance{0x1p-8, 0x1p-14}; }
};

TEST_P(Linear, ForwardAndBackwardAreTheTwins) {
  for (const int64_t n : {1, 7, 65, 513}) {
    for (const auto& [in, out] : {std::pair<int64_t, int64_t>{60, 101}, {12, 36}, {131, 60}}) {
      SCOPED_TRACE(testing::Message() << n << " rows, " << in << " to " << out);
      const at::Tensor x = random({n, in}), w = random({out, in}), dy = random({n, out});
      const at::Tensor before = random_float({out, in});
      at::Tensor y = unwritten({n, out}), dx = unwritten({n, in}), dw = before.clone();
      linear(x, w, y);
      linear_input_grad(dy, w, dx);
      linear_weight_grad(dy, x, dw);

      const at::Tensor x_leaf = leaf(x), w_leaf = leaf(w);
      const at::Tensor wanted = at::matmul(x_leaf, w_leaf.t());
      wanted.backward(dy.to(at::kDouble));
      EXPECT_TRUE(close(y, wanted, sums()));
      EXPECT_TRUE(close(dx, x_leaf.grad(), sums()));
      EXPECT_TRUE(close(dw - before, w_leaf.grad(), sums()));
    }
  }
}

TEST_P(Linear, AddsUpWeightGradientsOfManyParts) {
  for (const auto& [in, out] : {std::pair<int64_t, int64_t>{1100, 410}, {70, 610}}) {
    const at::Tensor x = random({300, in}), dy = random({300, out}), before = random_float({out, in});
    const at::Tensor wanted = at::matmul(dy.to(at::kDouble).t(), x.to(at::kDouble));
    for (const int threads : {1, 2, 3}) {
      SCOPED_TRACE(testing::Message() << in << " to " << out << " on " << threads << " threads");
      at::set_num_threads(threads);
      at::Tensor dw = before.clone();
      linear_weight_grad(dy, x, dw);
      EXPECT_TRUE(close(dw - before, wanted, sums()));
    }
  }
}

TEST_P(Linear, WritesIntoViewsOfALargerBuffer) {
  const at::Tensor x = random({7, 12}), w = random({20, 12}), dy = random({7, 20});
  at::Tensor flat = at::zeros({500});
  at::Tensor dw = flat.narrow(0, 100, 240).view({20, 12});
  linear_weight_grad(dy, x, dw);
  EXPECT_TRUE(
      close(flat.narrow(0, 100, 240).view({20, 12}), at::matmul(dy.to(at::kDouble).t(), x.to(at::kDouble)), sums()));
  EXPECT_EQ(flat.narrow(0, 0, 100).count_nonzero().item<int64_t>(), 0);
  EXPECT_EQ(flat.narrow(0, 340, 160).count_nonzero().item<int64_t>(), 0);
}

TEST_P(Linear, GivesTheSameBitsTwice) {
  const at::Tensor x = random({129, 60}), w = random({101, 60}), dy = random({129, 101});
  expect_same_bits_twice([&] {
    at::Tensor y = unwritten({129, 101}), dx = unwritten({129, 60}), dw = at::zeros({101, 60});
    linear(x, w, y);
    linear_input_grad(dy, w, dx);
    linear_weight_grad(dy, x, dw);
    return std::vector{y, dx, dw};
  });
}

INSTANTIATE_OP_TEST(Linear);

}  // namespace
}  // namespace cambium::ops
