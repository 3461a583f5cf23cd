#include "cambium/config/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace cambium::config {
namespace {

TrainSection train(const std::string& schedule, const std::string& shape = "1-sqrt") {
  TrainSection section;
  section.learning_rate = 2e-3;
  section.min_lr = 2e-4;
  section.schedule = schedule;
  section.cooldown_shape = shape;
  return section;
}

ResolvedSteps steps(int64_t total, int64_t warmup, int64_t cooldown) {
  ResolvedSteps resolved{};
  resolved.total = total;
  resolved.warmup = warmup;
  resolved.cooldown = cooldown;
  return resolved;
}

TEST(LearningRate, WarmsUpFromOneStepAboveZeroToThePeak) {
  const LearningRate rate(train("constant"), steps(100, 4, 0));
  EXPECT_DOUBLE_EQ(rate(0), 0.5e-3);
  EXPECT_DOUBLE_EQ(rate(1), 1.0e-3);
  EXPECT_DOUBLE_EQ(rate(3), 2e-3);
  EXPECT_DOUBLE_EQ(rate(4), 2e-3);
  EXPECT_DOUBLE_EQ(rate(99), 2e-3);
}

TEST(LearningRate, WithoutWarmupStartsAtThePeak) {
  EXPECT_DOUBLE_EQ(LearningRate(train("wsd"), steps(10, 0, 5))(0), 2e-3);
}

TEST(LearningRate, WsdStaysConstantThenFallsByOneMinusSqrt) {
  const LearningRate rate(train("wsd"), steps(100, 10, 25));
  EXPECT_DOUBLE_EQ(rate(10), 2e-3);
  EXPECT_DOUBLE_EQ(rate(74), 2e-3);
  EXPECT_DOUBLE_EQ(rate(75), 2e-3);  // x = 0
  EXPECT_DOUBLE_EQ(rate(76), 2e-4 + 1.8e-3 * (1 - 0.2));
  EXPECT_DOUBLE_EQ(rate(79), 2e-4 + 1.8e-3 * (1 - 0.4));
  EXPECT_DOUBLE_EQ(rate(91), 2e-4 + 1.8e-3 * (1 - 0.8));
  EXPECT_GT(rate(99), 2e-4);
  EXPECT_DOUBLE_EQ(rate(100), 2e-4);  // the first step that is not taken
}

TEST(LearningRate, CooldownShapes) {
  const LearningRate linear(train("wsd", "linear"), steps(100, 0, 20));
  EXPECT_DOUBLE_EQ(linear(85), 2e-4 + 1.8e-3 * 0.75);
  const LearningRate cosine(train("wsd", "cosine"), steps(100, 0, 20));
  EXPECT_DOUBLE_EQ(cosine(90), 2e-4 + 1.8e-3 * 0.5);
  EXPECT_NEAR(cosine(85), 2e-4 + 1.8e-3 * (1 + std::sqrt(0.5)) / 2, 1e-15);
}

TEST(LearningRate, CosineAndLinearDecayFromTheEndOfTheWarmup) {
  const LearningRate cosine(train("cosine"), steps(110, 10, 0));
  EXPECT_DOUBLE_EQ(cosine(10), 2e-3);
  EXPECT_NEAR(cosine(60), 1.1e-3, 1e-15);
  EXPECT_DOUBLE_EQ(cosine(110), 2e-4);
  const LearningRate linear(train("linear"), steps(110, 10, 0));
  EXPECT_DOUBLE_EQ(linear(35), 2e-4 + 1.8e-3 * 0.75);
  EXPECT_DOUBLE_EQ(linear(110), 2e-4);
}

TEST(LearningRate, PaperScaleCooldown) {  // 360M: peak 3e-3, 200,000 steps, the last 30,000 fall to 0
  TrainSection section = train("wsd");
  section.learning_rate = 3e-3;
  section.min_lr = 0;
  const LearningRate rate(section, steps(200000, 5000, 30000));
  EXPECT_DOUBLE_EQ(rate(4999), 3e-3);
  EXPECT_DOUBLE_EQ(rate(169999), 3e-3);
  EXPECT_NEAR(rate(177500), 1.5e-3, 1e-15);
  EXPECT_GT(rate(199999), 0);
}

}  // namespace
}  // namespace cambium::config
