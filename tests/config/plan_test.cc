#include "cambium/config/plan.h"

#include <gtest/gtest.h>

#include "cambium/base/error.h"
#include "cambium/config/device.h"

namespace cambium::config {
namespace {

RunConfig paper(const std::string& preset, const std::string& op, int64_t batch_tokens) {
  return parse_run_config("[model]\npreset = \"" + preset + "\"\n[growth]\noperator = \"" + op +
                              "\"\nsteps = 170_000\n[train]\nsteps = 200_000\nsequence_length = 2048\nbatch_tokens = " +
                              std::to_string(batch_tokens) + "\nwarmup_steps = 2000\ncooldown_steps = 30_000\n",
                          "paper.toml", {});
}

std::vector<int64_t> growth_steps(const Plan& plan) {
  std::vector<int64_t> steps;
  for (const auto& event : plan.steps.events) {
    steps.push_back(event.step);
  }
  return steps;
}

TEST(Plan, PaperScale17B) {
  const Plan plan = make_plan(paper("smollm-1.7b", "lidas", 2097152), 0, {});
  EXPECT_EQ(plan.parameters, 1711376384);
  EXPECT_EQ(growth_steps(plan), (std::vector<int64_t>{8095, 24285, 48571, 80952, 121428}));
  EXPECT_EQ(plan.steps.initial_layers, 4);
  ASSERT_EQ(plan.stages.size(), 6u);
  EXPECT_EQ(plan.stages[0].end, 8095);
  EXPECT_EQ(plan.stages[5].begin, 121428);
  EXPECT_EQ(plan.stages[5].end, 200000);
  EXPECT_EQ(plan.stages[5].layers, 24);
  EXPECT_NEAR(plan.flops_ratio(), 1.288, 5e-4);
  EXPECT_NEAR(plan.mean_depth, 24 * (170.0 * 13 / 18 + 30) / 200, 1e-3);
  EXPECT_EQ(plan.lineage, (std::vector<int>{0, 1, 2, 3, 2, 3, 0, 1, 0, 1, 2, 3, 0, 1, 2, 3, 2, 3, 0, 1, 0, 1, 2, 3}));
  EXPECT_DOUBLE_EQ(plan.tokens, 200000.0 * 2097152);
}

TEST(Plan, PaperScale360M) {
  const Plan plan = make_plan(paper("smollm-360m", "midas", 1048576), 0, {});
  EXPECT_EQ(plan.parameters, 361821120);
  EXPECT_EQ(growth_steps(plan), (std::vector<int64_t>{4722, 14166, 28333, 47222, 70833, 99166, 132222}));
  EXPECT_NEAR(plan.flops_ratio(), 1.289, 5e-4);
  EXPECT_EQ(plan.stages.back().parameters, 361821120);
  double flops = 0;
  for (const Stage& stage : plan.stages) {
    flops += stage.flops;
  }
  EXPECT_DOUBLE_EQ(flops, plan.flops);
}

TEST(Plan, WithoutGrowthIsOneStageAtFullDepth) {
  const Plan plan = make_plan(paper("smollm-360m", "none", 1048576), 0, {});
  ASSERT_EQ(plan.stages.size(), 1u);
  EXPECT_EQ(plan.stages[0].layers, 32);
  EXPECT_FALSE(plan.stages[0].event.has_value());
  EXPECT_DOUBLE_EQ(plan.flops_ratio(), 1);
  EXPECT_DOUBLE_EQ(plan.mean_depth, 32);
  EXPECT_EQ(plan.lineage.back(), 31);
}

TEST(Device, TakesWhatIsThere) {
  const CudaSupport none{.available = false, .why_not = "there is none"}, cuda{.available = true};
  RunSection run;
  EXPECT_EQ(choose_device(run, none).device, "cpu");
  EXPECT_EQ(choose_device(run, cuda).device, "cuda");
  EXPECT_EQ(choose_device(run, cuda).precision, "bfloat16");
  run.precision = "float32";
  EXPECT_EQ(choose_device(run, cuda).precision, "float32");
  run.device = "cuda";
  EXPECT_EQ(choose_device(run, cuda).device, "cuda");
  try {
    choose_device(run, none);
    FAIL();
  } catch (const InvalidArgument& refusal) {
    EXPECT_NE(std::string(refusal.what()).find("there is none"), std::string::npos) << refusal.what();
  }
  run.device = "cpu";
  EXPECT_EQ(choose_device(run, cuda).device, "cpu");
}

}  // namespace
}  // namespace cambium::config
