#include "cambium/ops/rms_norm.h"

#include <cmath>

#include "tests/ops/op_test.h"
#include "tests/ops/twins.h"

namespace cambium::ops {
namespace {

class RmsNorm : public OpTest {};

constexpr double kEps = 1e-5;

TEST_P(RmsNorm, ForwardAndBackwardAreTheTwins) {
  for (const int64_t n : {1, 7, 65, 513}) {
    for (const int64_t d : {12, 60, 131}) {
      for (const double scale : {1.0, 0.204124}) {
        SCOPED_TRACE(testing::Message() << n << " rows of " << d << ", scale " << scale);
        const at::Tensor x = random_float({n, d}) * 3, weight = random_float({d}), dy = random({n, d});
        at::Tensor y = unwritten({n, d}), inv_rms = unwritten({n}, at::kFloat);
        rms_norm(x, weight, kEps, scale, y, inv_rms);
        // Both gradients are added to what is there.
        const at::Tensor dx_before = random_float({n, d}), dweight_before = random_float({d});
        at::Tensor dx = dx_before.clone(), dweight = dweight_before.clone();
        rms_norm_backward(dy, x, weight, inv_rms, scale, dx, dweight);

        const at::Tensor x_leaf = leaf(x), weight_leaf = leaf(weight);
        const at::Tensor wanted = twins::rms_norm(x_leaf, weight_leaf, kEps, scale);
        wanted.backward(dy.to(at::kDouble));
        EXPECT_TRUE(close(y, wanted, rounding(type())));
        EXPECT_TRUE(close(inv_rms, at::rsqrt(x_leaf.pow(2).mean(1) + kEps), rounding(at::kFloat)));
        EXPECT_TRUE(close(dx, dx_before + x_leaf.grad(), {1e-5, 2e-6}));
        EXPECT_TRUE(close(dweight, dweight_before + weight_leaf.grad(), {1e-5, 2e-6}));
      }
    }
  }
}

TEST_P(RmsNorm, OfZeroesIsZero) {
  const at::Tensor x = at::zeros({2, 12}), weight = at::ones({12}), dy = random({2, 12});
  at::Tensor y = unwritten({2, 12}), inv_rms = unwritten({2}, at::kFloat);
  rms_norm(x, weight, kEps, 1.0, y, inv_rms);
  at::Tensor dx = at::zeros({2, 12}), dweight = at::zeros({12});
  rms_norm_backward(dy, x, weight, inv_rms, 1.0, dx, dweight);
  EXPECT_TRUE(at::equal(y, at::zeros({2, 12}, type())));
  EXPECT_TRUE(close(dx, dy.to(at::kDouble) / std::sqrt(kEps), rounding(at::kFloat)));
  EXPECT_TRUE(at::equal(dweight, at::zeros({12})));
}

TEST_P(RmsNorm, GivesTheSameBitsTwice) {
  const int64_t n = 513, d = 60;
  const at::Tensor x = random_float({n, d}), weight = random_float({d}), dy = random({n, d});
  expect_same_bits_twice([&] {
    at::Tensor y = unwritten({n, d}), inv_rms = unwritten({n}, at::kFloat);
    rms_norm(x, weight, kEps, 1.0, y, inv_rms);
    at::Tensor dx = at::zeros({n, d}), dweight = at::zeros({d});
    rms_norm_backward(dy, x, weight, inv_rms, 1.0, dx, dweight);
    return std::vector{y, inv_rms, dx, dweight};
  });
}

INSTANTIATE_OP_TEST(RmsNorm);

}  // namespace
}  // namespace cambium::ops
