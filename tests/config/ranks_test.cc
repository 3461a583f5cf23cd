#include "cambium/config/ranks.h"

#include <gtest/gtest.h>

#include "tests/support/refusal.h"

namespace cambium::config {
namespace {

/// The paper's 1.7B model on GPUs: 1,024 sequences of 2,048 tokens a step.
RunConfig paper(const std::string& more) {
  return parse_run_config(
      "[run]\ndevice = \"cuda\"\n[model]\npreset = \"smollm-1.7b\"\n[train]\nsteps = 1000\n"
      "sequence_length = 2048\nbatch_tokens = 2_097_152\nmicro_batch = 8\n" +
          more,
      "paper.toml", {});
}

constexpr double kRate = 4e14, kBandwidth = 4e10, kLatency = 1e-5;
const CudaSupport kGpu{.available = true};

RankStage only(const RunConfig& config, const Network& network, double rate = kRate) {
  const Plan plan = make_plan(config, 0, kGpu);
  const std::vector<RankStage> stages = share(config, plan, network, rate);
  EXPECT_EQ(stages.size(), 1u);
  return stages.front();
}

TEST(Ranks, OneSendsNothing) {
  const RunConfig config = paper("");
  const Plan plan = make_plan(config, 0, kGpu);
  const RankStage alone = only(config, {.ranks = 1, .bandwidth = kBandwidth});
  EXPECT_EQ(alone.sent, 0);
  EXPECT_EQ(alone.exposed, 0);
  EXPECT_EQ(alone.memory.total(), plan.stages.front().memory.total());
  EXPECT_DOUBLE_EQ(1000 * alone.seconds(), predict(plan, kRate).total);
}

TEST(Ranks, SendTheGradientsOfARing) {
  const double gradients = 4.0 * 1711376384;
  for (const char* shard : {"none", "optimizer"}) {
    const RunConfig config = paper(std::string("[dist]\nshard = \"") + shard + "\"\n");
    const RankStage eight = only(config, {.ranks = 8, .bandwidth = kBandwidth, .latency = kLatency});
    EXPECT_DOUBLE_EQ(eight.sent, 2 * 7.0 / 8 * gradients);
    EXPECT_GT(eight.communication, eight.sent / kBandwidth);
    EXPECT_LT(eight.communication, 1.1 * eight.sent / kBandwidth);
    EXPECT_DOUBLE_EQ(eight.memory.moments, 2 * gradients / (std::string(shard) == "none" ? 1 : 8));
  }
}

TEST(Ranks, HideWhatFitsBehindTheLastPass) {
  const RunConfig config = paper("");
  const RankStage slow = only(config, {.ranks = 8, .bandwidth = 1e9}),
                  fast = only(config, {.ranks = 8, .bandwidth = 1e12});
  const double backward = 2.0 / 3 * slow.compute / 16;  // 128 sequences in passes of 8
  EXPECT_NEAR(slow.exposed, slow.communication - backward, 1e-9 * slow.exposed);
  EXPECT_LT(fast.exposed, 1e-3 * fast.compute);
  EXPECT_GT(fast.exposed, 0);
  EXPECT_GT(fast.efficiency(), 0.999);
  EXPECT_EQ(only(config, {.ranks = 8}).exposed, 0);
}

TEST(Ranks, AreAsSlowAsTheOneThatHasMost) {
  const RunConfig config = paper("");
  const RankStage one = only(config, {.ranks = 1});
  EXPECT_DOUBLE_EQ(only(config, {.ranks = 1000}).compute, one.compute * 2 / 1024);
  EXPECT_EQ(only(config, {.ranks = 8}, 0).compute, 0);
  EXPECT_REFUSAL(only(config, {.ranks = 1025}), "1025 processes for a batch of 1024 sequences");
}

}  // namespace
}  // namespace cambium::config
