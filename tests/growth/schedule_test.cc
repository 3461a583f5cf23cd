#include "cambium/growth/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/support/refusal.h"

namespace cambium::growth {
namespace {

using Steps = std::vector<int64_t>;

std::vector<GrowthEvent> four_to(std::string_view op, int final_layers) {
  return plan_growth(op, final_layers, 4, prop_schedule(final_layers / 4, 1, 170'000));
}

std::string lineage_text(std::string_view op, int final_layers) {
  std::string text;
  for (const int layer : lineage(4, four_to(op, final_layers))) text += std::to_string(layer);
  return text;
}

TEST(Prop, StepsOfThePaperModels) {
  EXPECT_EQ(prop_schedule(6, 1, 170'000), (Steps{8095, 24285, 48571, 80952, 121428}));
  EXPECT_EQ(prop_schedule(8, 1, 170'000), (Steps{4722, 14166, 28333, 47222, 70833, 99166, 132222}));
}

TEST(Prop, WholeSharesAreExact) {
  for (const int64_t unit : {1, 7, 1'000'003}) {
    EXPECT_EQ(prop_schedule(6, 1, 21 * unit), (Steps{unit, 3 * unit, 6 * unit, 10 * unit, 15 * unit}));
    EXPECT_EQ(prop_schedule(4, 2, 30 * unit), (Steps{unit, 5 * unit, 14 * unit}));
    EXPECT_EQ(prop_schedule(3, 3, 36 * unit), (Steps{unit, 9 * unit}));
    EXPECT_EQ(prop_schedule(4, 0, 4 * unit), (Steps{unit, 2 * unit, 3 * unit}));
    // 1 + 1/2 + 1/3 + 1/4 = 25/12: no power of an integer, yet whole shares.
    EXPECT_EQ(prop_schedule(4, -1, 25 * unit), (Steps{12 * unit, 18 * unit, 22 * unit}));
  }
  const int64_t huge = 21 * int64_t{400'000'000'000'000'000};
  EXPECT_EQ(prop_schedule(6, 1, huge), (Steps{huge / 21, huge / 7, huge / 21 * 6, huge / 21 * 10, huge / 21 * 15}));
}

TEST(Prop, EveryStepIsTheFloorOfTheExactShare) {
  for (int stages = 1; stages <= 12; ++stages) {
    for (int alpha = 0; alpha <= 3; ++alpha) {
      for (int64_t total = 0; total < 400; ++total) {
        const Steps steps = prop_schedule(stages, alpha, total);
        ASSERT_EQ(steps.size(), static_cast<size_t>(stages) - 1);
        int64_t all = 0, sum = 0;
        for (int i = 1; i <= stages; ++i) all += std::llround(std::pow(i, alpha));
        for (int i = 1; i < stages; ++i) {
          sum += std::llround(std::pow(i, alpha));
          const int64_t step = steps[static_cast<size_t>(i) - 1];
          ASSERT_LE(step * all, sum * total);
          ASSERT_GT((step + 1) * all, sum * total);
        }
      }
    }
  }
}

TEST(Prop, BrokenAndLargePowers) {
  const Steps half = prop_schedule(3, 0.5, 1'000'000);
  const double all = 1 + std::sqrt(2.0) + std::sqrt(3.0);
  EXPECT_EQ(half, (Steps{static_cast<int64_t>(1e6 / all), static_cast<int64_t>(1e6 * (1 + std::sqrt(2.0)) / all)}));
  EXPECT_EQ(prop_schedule(64, 200, 1000).back(), 42);  // 1000 (1 - 1 / (1 + (63/64)^200 + (62/64)^200 + ...))
  EXPECT_TRUE(prop_schedule(1, 1, 100).empty());
  EXPECT_REFUSAL(prop_schedule(0, 1, 100), "stages");
  EXPECT_REFUSAL(prop_schedule(2, std::nan(""), 100), "alpha");
  EXPECT_REFUSAL(prop_schedule(2, 1, -1), "steps");
}

TEST(Prop, MeanDepthFractions) {
  EXPECT_NEAR(mean_depth_fraction(6, 1), 0.7222, 5e-5);
  EXPECT_NEAR(mean_depth_fraction(6, 2), 0.8077, 5e-5);
  EXPECT_NEAR(mean_depth_fraction(6, 3), 0.8598, 5e-5);
  EXPECT_NEAR(mean_depth_fraction(8, 1), 0.7083, 5e-5);
  EXPECT_NEAR(mean_depth_fraction(8, 2), 0.7941, 5e-5);
  for (int k = 1; k < 40; ++k) EXPECT_NEAR(mean_depth_fraction(k, 1), (2 * k + 1) / (3.0 * k), 1e-14);
  EXPECT_NEAR(mean_depth_fraction(8, 1000), 1, 1e-9);
}

TEST(Plan, EventsOfThePaperModels) {
  const std::vector<GrowthEvent> events = four_to("lidas", 24);
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(events[0], (GrowthEvent{8095, "lidas", 4, 8, grow_by("lidas", 4, 4)}));
  EXPECT_EQ(events[1], (GrowthEvent{24285, "lidas", 8, 12, {{2, 3, 4, 5}, 4}}));
  EXPECT_EQ(events[4].to_layers, 24);
}

TEST(Plan, Lineages) {
  EXPECT_EQ(lineage_text("midas", 24), "012301230123012301230123");
  EXPECT_EQ(lineage_text("midas", 32), "01230123012301230123012301230123");
  EXPECT_EQ(lineage_text("lidas", 24), "012323010123012323010123");
  EXPECT_EQ(lineage_text("lidas", 32), "01232301012323012301012323010123");
  EXPECT_EQ(lineage(3, {}), (std::vector<int>{0, 1, 2}));
}

TEST(Plan, LineageRefusesEventsThatDoNotFollow) {
  const std::vector<GrowthEvent> events = four_to("midas", 12);
  EXPECT_REFUSAL(lineage(8, events), "expected 8 layers", "found 4");
}

TEST(Plan, DepthAtAStep) {
  const std::vector<GrowthEvent> events = plan_growth("midas", 12, 4, Steps{100, 250});
  EXPECT_EQ(depth_at(events, 12, 0), 4);
  EXPECT_EQ(depth_at(events, 12, 99), 4);  // step 99 is the hundredth
  EXPECT_EQ(depth_at(events, 12, 100), 8);
  EXPECT_EQ(depth_at(events, 12, 249), 8);
  EXPECT_EQ(depth_at(events, 12, 250), 12);
  EXPECT_EQ(depth_at({}, 7, 5), 7);
}

TEST(Plan, StartsAtWhatIsLeftOfTheFinalDepth) {
  EXPECT_EQ(plan_growth("lidas", 16, 4, Steps{10})[0].from_layers, 12);
  EXPECT_TRUE(plan_growth("lidas", 7, 4, Steps{}).empty());
}

TEST(Plan, DoublingStartsAtAPowerOfTwoBelow) {
  const std::vector<GrowthEvent> events = plan_growth("stack", 12, 4, Steps{10, 20});
  EXPECT_EQ(events[0].from_layers, 3);
  EXPECT_EQ(events[1].to_layers, 12);
  EXPECT_EQ(lineage(3, events), (std::vector<int>{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(lineage(2, plan_growth("interpose", 8, 1, Steps{1, 2})), (std::vector<int>{0, 0, 0, 0, 1, 1, 1, 1}));
  EXPECT_REFUSAL(plan_growth("stack", 10, 4, Steps{1, 2}), "doubling 2 times", "8 or 12");
  const Operator& stack = find_operator("stack");
  EXPECT_EQ(growths_between(stack, 3, 12, 4), 2);
  EXPECT_REFUSAL(growths_between(stack, 3, 13, 4), "12 or 24");
  EXPECT_EQ(growths_between(find_operator("midas"), 4, 24, 4), 5);
  EXPECT_REFUSAL(growths_between(find_operator("midas"), 4, 22, 4), "20 or 24");
}

TEST(Plan, Explicit) {
  const std::vector<ExplicitGrowth> told{{5, {1, 0}, 0}, {9, {3}, 4}};
  const std::vector<GrowthEvent> events = plan_explicit(5, told);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0], (GrowthEvent{5, "explicit", 2, 4, {{1, 0}, 0}}));
  EXPECT_EQ(events[1], (GrowthEvent{9, "explicit", 4, 5, {{3}, 4}}));
  EXPECT_EQ(lineage(2, events), (std::vector<int>{1, 0, 0, 1, 1}));
  EXPECT_REFUSAL(plan_explicit(3, told), "at the start");
  EXPECT_REFUSAL(plan_explicit(5, std::vector<ExplicitGrowth>{{1, {2}, 0}, {2, {9}, 0}}), "growth 1", "4 layers");
  EXPECT_REFUSAL(plan_explicit(4, std::vector<ExplicitGrowth>{{1, {}, 0}}), "growth 0");
  EXPECT_REFUSAL(plan_explicit(4, std::vector<ExplicitGrowth>{{3, {0}, 0}, {3, {0}, 0}}), "3 after 3");
}

TEST(Plan, NewLayersDescendFromNone) {
  EXPECT_EQ(lineage(2, plan_growth("fresh", 6, 2, Steps{1, 2})), (std::vector<int>{0, 1, -1, -1, -1, -1}));
}

TEST(Plan, FinalPositions) {
  const std::vector<GrowthEvent> events = plan_growth("midas", 6, 2, Steps{1, 2});  // 2 -> 4 -> 6, both inserted at 2
  EXPECT_EQ(final_positions(2, events), (std::vector<int>{0, 1}));
  EXPECT_EQ(final_positions(4, std::span(events).subspan(1)), (std::vector<int>{0, 1, 4, 5}));
  EXPECT_EQ(final_positions(6, {}), (std::vector<int>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(final_positions(3, plan_growth("interpose", 6, 1, Steps{1})), (std::vector<int>{0, 2, 4}));
}

TEST(Prop, AnyDepthsInBlocks) {
  EXPECT_EQ(prop_schedule(std::vector<int64_t>{1, 2, 4}, 1, 70), (Steps{10, 30}));
  EXPECT_EQ(prop_schedule(std::vector<int64_t>{3, 4, 5}, 1, 24), (Steps{6, 14}));
  EXPECT_REFUSAL(prop_schedule(std::vector<int64_t>{2, 2}, 1, 24), "ascending");
}

TEST(Plan, RefusesDepthsAndStepsThatDoNotWorkOut) {
  EXPECT_REFUSAL(plan_growth("midas", 10, 4, Steps{1}), "10 layers", "8 or 12");
  EXPECT_REFUSAL(plan_growth("midas", 8, 4, Steps{1, 2}), "at least 12", "nearest: 12");
  EXPECT_REFUSAL(plan_growth("midas", 12, 4, Steps{5, 5}), "5 after 5");
  EXPECT_REFUSAL(plan_growth("midas", 12, 4, Steps{0, 5}), "at least one step");
  EXPECT_REFUSAL(plan_growth("midas", 12, 0, Steps{5}), "block_size");
  EXPECT_REFUSAL(plan_growth("middas", 12, 4, Steps{5}), "did you mean `midas`");
}

}  // namespace
}  // namespace cambium::growth
