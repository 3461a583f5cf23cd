#include "cambium/train/optimizer.h"

#include <cmath>

#include "tests/train/tiny.h"

namespace cambium::train {
namespace {

TEST(GradientNorm, IsTheNormOfAllBlocksTogether) {
  model::Parameters gradients = model::Parameters::zeros(tiny_config(), at::kFloat);
  for (const at::Tensor& block : gradients.blocks()) {
    block.fill_(0.5);
  }
  EXPECT_NEAR(gradient_norm(gradients), 0.5 * std::sqrt(static_cast<double>(gradients.numel())), 1e-6);
  gradients.head[0] = std::nanf("");
  EXPECT_TRUE(std::isnan(gradient_norm(gradients)));
}

TEST(ClipScale, IsTorchs) {
  EXPECT_EQ(clip_scale(0.5, 1), 1);
  EXPECT_DOUBLE_EQ(clip_scale(4, 1), 1 / (4 + 1e-6));
  EXPECT_EQ(clip_scale(4, 0), 1);
  EXPECT_EQ(clip_scale(0, 1), 1);
}

/// A first update by AdamW with these gradients everywhere: sign(gradient) · rate, and the decay.
class Update : public testing::TestWithParam<std::string> {};

TEST_P(Update, DecaysWhatItIsToldTo) {
  model::Llama model = tiny_model();
  const model::Llama before = tiny_model();
  TrainState state = TrainState::fresh(model);
  model::Parameters gradients = model::Parameters::zeros(model.config, at::kFloat);
  for (const at::Tensor& block : gradients.blocks()) {
    block.fill_(3.0);
  }
  config::TrainSection settings;
  settings.weight_decay = 0.5;
  settings.decay = GetParam();
  constexpr double kRate = 0.01;
  update(model, state, gradients, settings, kRate, /*grad_scale=*/0.5);

  std::vector<at::Tensor> old;
  for_each_tensor(before.config, before.weights,
                  [&](const std::string&, const at::Tensor& view) { old.push_back(view); });
  size_t i = 0;
  for_each_tensor(model.config, model.weights, [&](const std::string& name, const at::Tensor& view) {
    const bool decays = GetParam() == "all" || view.dim() == 2;
    const at::Tensor expected = old[i++] * (decays ? 1 - kRate * settings.weight_decay : 1.0) - kRate;
    EXPECT_TRUE(at::allclose(view, expected, 1e-5, 1e-6)) << name;
  });
  for (size_t block = 0; block < state.adam_steps.size(); ++block) {
    EXPECT_EQ(state.adam_steps[block], 1);
    EXPECT_TRUE(at::allclose(state.exp_avg.blocks()[block], at::full({1}, 0.1 * 1.5))) << block;
    EXPECT_TRUE(at::allclose(state.exp_avg_sq.blocks()[block], at::full({1}, 0.05 * 2.25))) << block;
  }
}

INSTANTIATE_TEST_SUITE_P(Decay, Update, testing::Values("matrices", "all"));

TEST(Update, CountsTheStepsOfEachBlock) {
  model::Llama model = tiny_model();
  TrainState state = TrainState::fresh(model);
  state.adam_steps = {5, 5, 0, 5, 5, 5};  // layer 1 came in with zero moments
  model::Parameters gradients = model::Parameters::zeros(model.config, at::kFloat);
  gradients.layers[1].fill_(2.0);
  const at::Tensor before = model.weights.layers[1].clone();
  config::TrainSection settings;
  settings.weight_decay = 0;
  update(model, state, gradients, settings, 0.01, 1);
  EXPECT_EQ(state.adam_steps, (std::vector<int64_t>{6, 6, 1, 6, 6, 6}));
  EXPECT_TRUE(at::allclose(model.weights.layers[1], before - 0.01, 1e-5, 1e-6));  // corrected as a first step
}

TEST(Update, RefreshesTheComputeCopy) {
  model::Llama plain = tiny_model();
  model::Llama model(plain.config, std::move(plain.weights), model::Precision::kBFloat16);
  TrainState state = TrainState::fresh(model);
  model::Parameters gradients = model::Parameters::zeros(model.config, at::kFloat);
  for (const at::Tensor& block : gradients.blocks()) {
    block.fill_(1.0);
  }
  update(model, state, gradients, config::TrainSection(), 0.1, 1);
  const auto weights = model.weights.blocks(), compute = model.compute.blocks();
  for (size_t block = 0; block < weights.size(); ++block) {
    EXPECT_TRUE(at::equal(compute[block], weights[block].to(at::kBFloat16))) << block;
  }
}

}  // namespace
}  // namespace cambium::train
