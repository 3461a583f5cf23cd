#include "cambium/config/cost.h"

#include <gtest/gtest.h>

#include <vector>

namespace cambium::config {
namespace {

constexpr int64_t kLength = 2048;

/// Stages of a run that follows PROP-1 over 170,000 steps and goes on at full depth; a step counts as one token.
std::vector<StageTokens> stages(const model::ModelConfig& model, double total) {
  constexpr double kGrowth = 170000;
  constexpr int64_t kBlock = 4;
  const int64_t count = model.num_hidden_layers / kBlock;
  const double weights = static_cast<double>(count * (count + 1)) / 2;
  std::vector<StageTokens> result;
  for (int64_t stage = 1; stage <= count; ++stage) {
    result.push_back({stage * kBlock, kGrowth * static_cast<double>(stage) / weights});
  }
  result.push_back({model.num_hidden_layers, total - kGrowth});
  return result;
}

TEST(Cost, FlopsOfALayerAndTheHead) {
  const model::ModelConfig model = model::preset("smollm-360m");
  EXPECT_DOUBLE_EQ(layer_forward_flops(model, kLength), 2.0 * 9830400 + 4.0 * 2048 * 960);
  EXPECT_DOUBLE_EQ(layer_forward_flops(model, kLength, AttentionCost::kCausal), 2.0 * 9830400 + 2.0 * 2048 * 960);
  EXPECT_DOUBLE_EQ(head_forward_flops(model), 2.0 * 47185920);
  EXPECT_DOUBLE_EQ(training_flops_per_token(model, 32, kLength),
                   3 * (32 * (2.0 * 9830400 + 4.0 * 2048 * 960) + 2.0 * 47185920));
}

TEST(Cost, SpeedUpsOfThePaper) {
  const model::ModelConfig small = model::preset("smollm-360m");
  const model::ModelConfig large = model::preset("smollm-1.7b");
  EXPECT_NEAR(flops_ratio(small, stages(small, 200000), kLength), 1.289, 5e-4);
  EXPECT_NEAR(flops_ratio(large, stages(large, 200000), kLength), 1.288, 5e-4);
  EXPECT_NEAR(flops_ratio(small, stages(small, 190000), kLength), 1.308, 5e-4);
  EXPECT_NEAR(flops_ratio(large, stages(large, 190000), kLength), 1.308, 1e-3);
  // Without attention: a sequence of length 0.
  EXPECT_NEAR(flops_ratio(small, stages(small, 200000), 0), 1.275, 5e-4);
  EXPECT_NEAR(flops_ratio(large, stages(large, 200000), 0), 1.286, 5e-4);
  EXPECT_NEAR(flops_ratio(small, stages(small, 190000), 0), 1.294, 5e-4);
  EXPECT_NEAR(flops_ratio(large, stages(large, 190000), 0), 1.305, 5e-4);
}

TEST(Cost, FullDepthHasRatioOne) {
  const model::ModelConfig model = model::preset("tiny");
  const std::vector<StageTokens> whole{{model.num_hidden_layers, 1e6}};
  EXPECT_DOUBLE_EQ(flops_ratio(model, whole, 512), 1);
}

TEST(Cost, MemoryOfWeightsAndMoments) {
  const model::ModelConfig model = model::preset("smollm-360m");
  const MemorySetup setup{.layers = 32, .micro_batch = 4, .sequence_length = kLength, .bfloat16 = true};
  const MemoryEstimate memory = training_memory(model, setup);
  EXPECT_DOUBLE_EQ(memory.weights, 4.0 * 361821120);
  EXPECT_DOUBLE_EQ(memory.moments, 8.0 * 361821120);
  EXPECT_DOUBLE_EQ(memory.gradients, 4.0 * 361821120);
  EXPECT_DOUBLE_EQ(memory.compute_copy, 2.0 * 361821120);
  EXPECT_DOUBLE_EQ(memory.logits, 2.0 * 49152 * 1024);
  EXPECT_DOUBLE_EQ(memory.packed, 2.0 * 2 * 49152 * 960);
  EXPECT_GT(memory.total(), memory.weights + memory.moments + memory.gradients + memory.compute_copy);

  MemorySetup in_float32 = setup;
  in_float32.bfloat16 = false;
  EXPECT_EQ(training_memory(model, in_float32).compute_copy, 0);
  EXPECT_GT(activation_bytes(model, in_float32), activation_bytes(model, setup));
}

/// The largest model of the paper, 16 sequences at a time, on an accelerator of 80 GB.
TEST(Cost, SelectiveRecomputationFitsTheLargeModelIntoEightyGigabytes) {
  const model::ModelConfig model = model::preset("smollm-1.7b");
  MemorySetup setup{.layers = 24, .micro_batch = 16, .sequence_length = 2048, .bfloat16 = true, .on_cpu = false};
  EXPECT_GT(training_memory(model, setup).total(), 90e9);
  setup.recompute = model::Recompute::kSelective;
  EXPECT_LT(training_memory(model, setup).total(), 80e9);
}

TEST(Cost, ActivationsGrowWithLayersAndTokens) {
  const model::ModelConfig model = model::preset("tiny");
  MemorySetup setup{.layers = 4, .micro_batch = 2, .sequence_length = 128, .bfloat16 = false};
  const double bytes = activation_bytes(model, setup);
  MemorySetup twice = setup;
  twice.micro_batch = 4;
  EXPECT_DOUBLE_EQ(activation_bytes(model, twice), 2 * bytes);
  MemorySetup deeper = setup;
  deeper.layers = 8;
  EXPECT_GT(activation_bytes(model, deeper), bytes);
  MemorySetup leaner = deeper;
  leaner.recompute = model::Recompute::kSelective;
  MemorySetup leanest = deeper;
  leanest.recompute = model::Recompute::kFull;
  EXPECT_LT(activation_bytes(model, leaner), activation_bytes(model, deeper));
  EXPECT_LT(activation_bytes(model, leanest), activation_bytes(model, leaner));
}

}  // namespace
}  // namespace cambium::config
