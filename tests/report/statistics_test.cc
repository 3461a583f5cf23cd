#include "cambium/report/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace cambium::report {
namespace {

using Numbers = std::vector<double>;

TEST(Statistics, MeanAndDeviationByHand) {
  EXPECT_DOUBLE_EQ(mean(Numbers{2, 4, 9}), 5);
  EXPECT_DOUBLE_EQ(standard_deviation(Numbers{2, 4, 9}), std::sqrt((9.0 + 1 + 16) / 2));
  EXPECT_TRUE(std::isnan(mean(Numbers{})));
  EXPECT_TRUE(std::isnan(standard_deviation(Numbers{3})));
}

TEST(Statistics, QuantileIsLinearBetweenNeighbours) {
  EXPECT_DOUBLE_EQ(quantile(Numbers{1, 2, 4, 8}, 0.5), 3);
  EXPECT_DOUBLE_EQ(quantile(Numbers{1, 2, 4, 8}, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(Numbers{1, 2, 4, 8}, 1), 8);
  EXPECT_DOUBLE_EQ(quantile(Numbers{5}, 0.025), 5);
}

// numpy: quantiles of the means of all n^n resamples.
TEST(Statistics, FewPairsAreEnumerated) {
  const Difference three = bootstrap_difference(Numbers{0.1, -0.2, 0.4}, 1);
  EXPECT_NEAR(three.mean, 0.1, 1e-12);
  EXPECT_NEAR(three.low, -0.135, 1e-12);
  EXPECT_NEAR(three.high, 0.335, 1e-12);
  EXPECT_FALSE(three.told_apart());
  const Difference four = bootstrap_difference(Numbers{0.012, 0.034, 0.021, 0.05}, 1);
  EXPECT_NEAR(four.low, 0.0165, 1e-12);
  EXPECT_NEAR(four.high, 0.04275, 1e-12);
  EXPECT_TRUE(four.told_apart());
}

// scipy.stats.bootstrap, percentile method, 200,000 resamples: [0.00625, 0.28125].
TEST(Statistics, ManyPairsAreDrawnWithTheSeed) {
  const Numbers eight{0.3, -0.1, 0.25, 0.4, 0.05, 0.15, -0.2, 0.35};
  const Difference difference = bootstrap_difference(eight, 1);
  EXPECT_NEAR(difference.low, 0.00625, 0.01);
  EXPECT_NEAR(difference.high, 0.28125, 0.01);
  EXPECT_EQ(bootstrap_difference(eight, 1).low, difference.low);
}

// scipy.stats.t.interval(0.95, n - 1, mean, sem).
TEST(Statistics, StudentsInterval) {
  const Difference three = bootstrap_difference(Numbers{0.1, -0.2, 0.4}, 1);
  EXPECT_NEAR(three.t_low, -0.6452413, 2e-5);
  EXPECT_NEAR(three.t_high, 0.8452413, 2e-5);
  const Difference same = bootstrap_difference(Numbers{0.5, 0.5, 0.5}, 1);
  EXPECT_EQ(same.t_low, 0.5);
  EXPECT_EQ(same.t_high, 0.5);
}

TEST(Statistics, OnePairHasNoInterval) {
  const Difference one = bootstrap_difference(Numbers{0.5}, 1);
  EXPECT_EQ(one.mean, 0.5);
  EXPECT_EQ(one.pairs, 1);
  EXPECT_FALSE(one.has_interval());
  EXPECT_FALSE(one.told_apart());
  EXPECT_TRUE(std::isnan(one.low));
}

TEST(Statistics, NanIsNotTold) {
  const Difference difference = bootstrap_difference(Numbers{0.5, std::nan("")}, 1);
  EXPECT_TRUE(std::isnan(difference.mean));
  EXPECT_FALSE(difference.told_apart());
}

}  // namespace
}  // namespace cambium::report
