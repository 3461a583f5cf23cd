#include "tests/cuda/kernel_test.h"

namespace cambium::ops::cuda {
namespace {

TEST(SumSquares, AddsToWhatIsThere) {
  Random random;
  for (const int64_t count : {1, 7, 513, 5000, 70001}) {
    for (const int64_t offset : {0, 1}) {
      SCOPED_TRACE(testing::Message() << count << " entries, offset " << offset);
      Buffer<float> x(random.normal(count), offset);
      Buffer<double> sum(std::vector{3.0}), partial(kSumParts);
      double wanted = 3.0;
      for (int64_t i = 0; i < count; ++i) {
        wanted += x[i] * x[i];
      }
      sum_squares(kStream, x.data(), count, sum.data(), partial.data());
      EXPECT_NEAR(sum[0], wanted, 1e-13 * wanted);
      EXPECT_TRUE(sum.guards_are_intact());
      EXPECT_TRUE(partial.guards_are_intact());
    }
  }
}

TEST(SumSquares, OfMoreThanAllPartsAtOnce) {
  const int64_t count = 4 * 256 * kSumParts + 4099;  // every block goes round once more
  Buffer<float> x(std::vector<double>(static_cast<size_t>(count), 0.5));
  Buffer<double> sum(std::vector{0.0}), partial(kSumParts);
  sum_squares(kStream, x.data(), count, sum.data(), partial.data());
  EXPECT_EQ(sum[0], 0.25 * static_cast<double>(count));
}

TEST(SumSquares, TellsOfInfinityAndNan) {
  for (const double bad : {static_cast<double>(INFINITY), static_cast<double>(NAN)}) {
    Buffer<float> x({1.0, 2.0, bad, 3.0});
    Buffer<double> sum(std::vector{0.0}), partial(kSumParts);
    sum_squares(kStream, x.data(), 4, sum.data(), partial.data());
    EXPECT_FALSE(std::isfinite(sum[0]));
  }
}

TEST(SumSquares, OfNothingIsNothing) {
  Buffer<double> sum(std::vector{2.5}), partial(kSumParts);
  sum_squares(kStream, nullptr, 0, sum.data(), partial.data());
  EXPECT_EQ(sum[0], 2.5);
}

TEST(SumSquares, GivesTheSameBitsInAnyOrder) {
  Random random;
  Buffer<float> x(random.normal(9999));
  expect_same_bits([&] {
    Buffer<double> sum(std::vector{0.0}), partial(kSumParts);
    sum_squares(kStream, x.data(), x.size(), sum.data(), partial.data());
    return sum.bytes();
  });
}

}  // namespace
}  // namespace cambium::ops::cuda
