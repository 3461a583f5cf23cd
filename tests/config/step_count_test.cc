#include "cambium/config/step_count.h"

#include <gtest/gtest.h>

#include "cambium/base/error.h"

namespace cambium::config {
namespace {

using Unit = StepCount::Unit;

TEST(StepCount, ReadsEveryForm) {
  EXPECT_EQ(parse_step_count("200"), (StepCount{200, Unit::kSteps}));
  EXPECT_EQ(parse_step_count(" 200 steps "), (StepCount{200, Unit::kSteps}));
  EXPECT_EQ(parse_step_count("2k steps"), (StepCount{2000, Unit::kSteps}));
  EXPECT_EQ(parse_step_count("10M tokens"), (StepCount{1e7, Unit::kTokens}));
  EXPECT_EQ(parse_step_count("2B tokens"), (StepCount{2e9, Unit::kTokens}));
  EXPECT_EQ(parse_step_count("500k tokens"), (StepCount{5e5, Unit::kTokens}));
  EXPECT_EQ(parse_step_count("1.5T tokens"), (StepCount{1.5e12, Unit::kTokens}));
  EXPECT_EQ(parse_step_count("1.5 epochs"), (StepCount{1.5, Unit::kEpochs}));
  EXPECT_EQ(parse_step_count("1 epoch"), (StepCount{1, Unit::kEpochs}));
}

TEST(StepCount, RefusesEverythingElse) {
  for (const char* text : {"", "steps", "-1", "1.5", "1.5 steps", "10 M tokens", "10Q tokens", "10M tokenz", "nan",
                           "inf tokens", "1e300 tokens", "10M tokens now", "2 hours"}) {
    EXPECT_EQ(parse_step_count(text), std::nullopt) << text;
  }
}

TEST(StepCount, CountsStepsRoundedUp) {
  EXPECT_EQ((StepCount{200, Unit::kSteps}.steps(4096, 0)), 200);
  EXPECT_EQ((StepCount{8192, Unit::kTokens}.steps(4096, 0)), 2);
  EXPECT_EQ((StepCount{8193, Unit::kTokens}.steps(4096, 0)), 3);
  EXPECT_EQ((StepCount{1.5, Unit::kEpochs}.steps(1000, 10000)), 15);
  EXPECT_THROW((StepCount{1.5, Unit::kEpochs}.steps(1000, 0)), InvalidInput);
}

TEST(StepCount, PrintsWhatItReads) {
  EXPECT_EQ(to_toml(StepCount{200}), "200");
  EXPECT_EQ(to_toml(StepCount{1e7, Unit::kTokens}), "\"10M tokens\"");
  EXPECT_EQ(to_toml(StepCount{1234567, Unit::kTokens}), "\"1234567 tokens\"");
  EXPECT_EQ(to_toml(StepCount{1.5, Unit::kEpochs}), "\"1.5 epochs\"");
  for (const char* text : {"1.25B tokens", "0.1M tokens", "333 tokens", "1.07T tokens", "0.3 epochs"}) {
    const StepCount count = *parse_step_count(text);
    const std::string printed = to_toml(count);
    EXPECT_EQ(parse_step_count(printed.substr(1, printed.size() - 2)), count) << printed;
  }
}

}  // namespace
}  // namespace cambium::config
