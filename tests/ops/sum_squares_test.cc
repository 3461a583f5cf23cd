#include "cambium/ops/sum_squares.h"

#include <cmath>
#include <limits>

#include "tests/ops/op_test.h"

namespace cambium::ops {
namespace {

class SumSquares : public OpTest {
 protected:
  static double of(const at::Tensor& x, double before = 0) {
    at::Tensor sum = at::full({}, before, at::kDouble);
    sum_squares(x, sum);
    return sum.item<double>();
  }
};

TEST_P(SumSquares, IsTheSumInFloat64) {
  for (const int64_t n : {1, 7, 65, 16'384, 16'385, 100'003}) {
    const at::Tensor x = random_float({n}) * 1e3;
    const double wanted = x.to(at::kDouble).pow(2).sum().item<double>();
    EXPECT_NEAR(of(x), wanted, 1e-13 * wanted) << n;
  }
  EXPECT_EQ(of(at::zeros({0})), 0.0);
  EXPECT_EQ(of(at::ones({3}), 4.5), 7.5);
  // Squares that float32 does not hold.
  EXPECT_NEAR(of(at::full({100}, 1e30F)), 1e62, 1e56);
}

TEST_P(SumSquares, HasTheSameBitsForAnyNumberOfThreads) {
  const at::Tensor x = random_float({500'003});
  at::set_num_threads(1);
  const double one = of(x);
  at::set_num_threads(2);
  EXPECT_EQ(of(x), one);
  EXPECT_EQ(of(x), one);
}

TEST_P(SumSquares, KeepsInfinityAndNan) {
  at::Tensor x = random_float({40'000});
  x[39'999] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(of(x), std::numeric_limits<double>::infinity());
  x[17] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(of(x)));
}

INSTANTIATE_TEST_SUITE_P(In, SumSquares, testing::Values(at::kFloat), [](const auto&) { return "float32"; });

}  // namespace
}  // namespace cambium::ops
