#include "cambium/train/record/record.h"

#include <gtest/gtest.h>

#include <cmath>

#include "cambium/growth/operator.h"

namespace cambium::train {
namespace {

TrainRecord grown_state(int64_t since, const growth::Policy& policy) {
  TrainRecord state;
  state.step = 12 + since;
  state.lineage = {0, 1, 1, 2, 2, 3};
  state.growths.push_back({{12, "lidas", 4, 6, growth::grow_by("lidas", 4, 2)}, policy});
  return state;
}

TEST(TrainedBlocks, AreTheNewLayersWhileTheOthersAreFrozen) {
  using Blocks = std::vector<bool>;
  growth::Policy policy;
  policy.freeze_steps = 3;
  const Blocks all(8, true), only_new{false, false, false, true, true, false, false, false};
  EXPECT_EQ(trained_blocks(grown_state(0, policy)), only_new);
  EXPECT_EQ(trained_blocks(grown_state(2, policy)), only_new);
  EXPECT_EQ(trained_blocks(grown_state(3, policy)), all);
  EXPECT_EQ(trained_blocks(grown_state(0, {})), all);
  TrainRecord interposed = grown_state(0, policy);
  interposed.growths[0].event.growth = growth::grow_by("interpose", 3, 1);
  EXPECT_EQ(trained_blocks(interposed), (Blocks{false, false, true, false, true, false, true, false}));
}

TEST(RewarmupFactor, RisesToOneBehindAGrowth) {
  growth::Policy policy;
  policy.rewarmup_steps = 4;
  EXPECT_EQ(rewarmup_factor(grown_state(0, policy)), 0.25);
  EXPECT_EQ(rewarmup_factor(grown_state(3, policy)), 1);
  EXPECT_EQ(rewarmup_factor(grown_state(9, policy)), 1);
  EXPECT_EQ(rewarmup_factor(grown_state(0, {})), 1);
  EXPECT_EQ(rewarmup_factor(TrainRecord()), 1);
}

TEST(LossStatistics, StartAsThePlainMeanAndVariance) {
  LossStatistics losses;
  for (const double loss : {1.0, 2.0, 3.0, 6.0}) {
    losses.add(loss);
  }
  EXPECT_DOUBLE_EQ(losses.mean, 3.0);
  EXPECT_DOUBLE_EQ(losses.variance, 3.5);
}

TEST(LossStatistics, ForgetOldLosses) {
  LossStatistics losses;
  for (int i = 0; i < 1000; ++i) {
    losses.add(i < 500 ? 8.0 : (i % 2 == 0 ? 1.9 : 2.1));
  }
  EXPECT_NEAR(losses.mean, 2.0, 0.01);
  EXPECT_NEAR(std::sqrt(losses.variance), 0.1, 0.02);
}

TEST(LossStatistics, SayNothingBeforeFiftyLosses) {
  LossStatistics losses;
  for (int i = 0; i < 49; ++i) {
    losses.add(i % 2);
  }
  EXPECT_EQ(losses.z_score(100), 0);
  losses.add(1);
  EXPECT_GT(losses.z_score(100), 50);
  EXPECT_NEAR(losses.z_score(losses.mean + 2 * std::sqrt(losses.variance)), 2, 1e-9);
}

}  // namespace
}  // namespace cambium::train
