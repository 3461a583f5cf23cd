#include "cambium/data/apportion.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "cambium/base/error.h"
#include "cambium/base/random.h"

namespace cambium::data {
namespace {

TEST(IntegerShares, TakesTypedDecimalsExactly) {
  EXPECT_EQ(integer_shares(std::vector{0.70, 0.15, 0.08, 0.06, 0.01}), (std::vector<int64_t>{70, 15, 8, 6, 1}));
  EXPECT_EQ(integer_shares(std::vector{3.0, 1.0}), (std::vector<int64_t>{3, 1}));
  EXPECT_EQ(integer_shares(std::vector{0.055, 0.005, 0.94}), (std::vector<int64_t>{11, 1, 188}));
  EXPECT_EQ(integer_shares(std::vector{7.5}), (std::vector<int64_t>{1}));
}

TEST(IntegerShares, RoundsOthersAndLosesNone) {
  const auto shares = integer_shares(std::vector{std::sqrt(2.0), 1e-12, 1.0});
  const double total = static_cast<double>(std::accumulate(shares.begin(), shares.end(), int64_t{0}));
  EXPECT_NEAR(static_cast<double>(shares[0]) / total, std::sqrt(2.0) / (1 + std::sqrt(2.0)), 2e-6);
  EXPECT_EQ(shares[1], 1);
}

TEST(IntegerShares, RefusesWhatIsNoWeight) {
  for (double bad : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(integer_shares(std::vector{1.0, bad}), InvalidInput) << bad;
  }
}

/// |counts - shares * turns / period| < 1 in exact arithmetic, for every prefix.
void expect_within_one(const std::vector<int64_t>& shares) {
  const TurnSequence turns(shares);
  std::vector<int64_t> counts(shares.size(), 0);
  for (int64_t n = 1; n <= 2 * turns.period() + 3; ++n) {
    ++counts[static_cast<size_t>(turns.party(n - 1))];
    for (size_t s = 0; s < shares.size(); ++s) {
      ASSERT_LT(std::abs(counts[s] * turns.period() - shares[s] * n), turns.period())
          << "party " << s << " after " << n;
    }
    if (n % 17 == 0 || n == turns.period()) {
      ASSERT_EQ(turns.counts(n), counts) << n;
    }
  }
}

TEST(TurnSequence, StaysWithinOneTurn) {
  expect_within_one({1});
  expect_within_one({1, 1});
  expect_within_one({70, 15, 8, 6, 1});
  expect_within_one({1, 1, 1, 1, 1, 1, 1, 1, 1, 991});
  expect_within_one({9, 10, 81});
  CounterRandom random(1, "shares");
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<int64_t> shares;
    const uint64_t parties = 1 + random.below(12);
    for (uint64_t i = 0; i < parties; ++i)
      shares.push_back(static_cast<int64_t>(1 + random.below(trial % 2 == 0 ? 60 : 5)));
    expect_within_one(shares);
  }
}

TEST(TurnSequence, CountsFarTurnsWithoutWalkingThere) {
  const TurnSequence turns(std::vector<int64_t>{2, 1});
  EXPECT_EQ(turns.counts(3'000'000'000'000), (std::vector<int64_t>{2'000'000'000'000, 1'000'000'000'000}));
}

}  // namespace
}  // namespace cambium::data
