#include "cambium/ops/sum_squares.h"

#include <cmath>
#include <limits>

#include "tests/ops/op_test.h"

namespace cambium::ops {
namespace {

class SumSquares : public OpTest {};

TEST_P(SumSquares, IsTheSumInFloat64) {
  for (const int64_t n : {1, 7, 65, 16'384, 16'385, 100'003}) {
    const at::Tensor x = random_float({n}) * 1e3;
    const double wanted = x.to(at::kDouble).pow(2).sum().item<double>();
    EXPECT_NEAR(sum_squares(x), wanted, 1e-13 * wanted) << n;
  }
  EXPECT_EQ(sum_squares(at::zeros({0})), 0.0);
  // Squares that float32 does not hold.
  EXPECT_NEAR(sum_squares(at::full({100}, 1e30F)), 1e62, 1e56);
}

TEST_P(SumSquares, HasTheSameBitsForAnyNumberOfThreads) {
  const at::Tensor x = random_float({500'003});
  at::set_num_threads(1);
  const double one = sum_squares(x);
  at::set_num_threads(2);
  EXPECT_EQ(sum_squares(x), one);
  EXPECT_EQ(sum_squares(x), one);
}

TEST_P(SumSquares, KeepsInfinityAndNan) {
  at::Tensor x = random_float({40'000});
  x[39'999] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(sum_squares(x), std::numeric_limits<double>::infinity());
  x[17] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(sum_squares(x)));
}

INSTANTIATE_TEST_SUITE_P(In, SumSquares, testing::Values(at::kFloat), [](const auto&) { return "float32"; });

}  // namespace
}  // namespace cambium::ops
