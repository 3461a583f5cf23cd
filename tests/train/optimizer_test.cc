#include "cambium/train/optimizer.h"

#include <cmath>

#include "tests/train/tiny.h"

namespace cambium::train {
namespace {

model::Parameters gradients_of(double value) {
  model::Parameters gradients = model::Parameters::zeros(tiny_config(), at::kFloat);
  for (const at::Tensor& block : gradients.blocks()) {
    block.fill_(value);
  }
  return gradients;
}

Verdict verdict_of(double loss_sum, const model::Parameters& gradients, const Limits& limits) {
  return judge(at::full({}, loss_sum, at::kDouble), /*target_tokens=*/10, gradients, limits);
}

/// An update with this factor of the gradients.
Verdict go(float scale) { return {at::tensor({1.0, 1.0, 1.0, 0.0}, at::kDouble), at::tensor({scale, 1.0F})}; }

TEST(Judge, FindsTheNormOfAllBlocksTogetherAndTheMeanLoss) {
  const model::Parameters gradients = gradients_of(0.5);
  TrainState state = tiny_state(tiny_model());
  const StepOutcome outcome = settle(verdict_of(25, gradients, {.clip_norm = 0}), state);
  EXPECT_NEAR(outcome.grad_norm, 0.5 * std::sqrt(static_cast<double>(gradients.numel())), 1e-6);
  EXPECT_EQ(outcome.loss, 2.5);
  EXPECT_TRUE(outcome.applied);
}

TEST(Judge, ClipsAsTorchDoes) {
  const model::Parameters gradients = gradients_of(0.5);
  const double norm = 0.5 * std::sqrt(static_cast<double>(gradients.numel()));
  const auto scale = [&](double clip) { return verdict_of(1, gradients, {.clip_norm = clip}).guard[0].item<float>(); };
  EXPECT_FLOAT_EQ(scale(norm / 4), static_cast<float>(norm / 4 / (norm + 1e-6)));
  EXPECT_EQ(scale(4 * norm), 1);
  EXPECT_EQ(scale(0), 1);
  EXPECT_EQ(verdict_of(1, gradients_of(0), {.clip_norm = 1}).guard[0].item<float>(), 1);
}

TEST(Judge, RefusesWhatCannotBeUsed) {
  model::Parameters broken = gradients_of(0.5);
  broken.head[0] = std::nanf("");
  const model::Parameters fine = gradients_of(0.5);
  const struct {
    const char* what;
    double loss_sum;
    const model::Parameters& gradients;
    double highest;
    bool applied;
  } cases[] = {{"fine", 10, fine, INFINITY, true},
               {"a gradient that is not a number", 10, broken, INFINITY, false},
               {"a loss that is not a number", NAN, fine, INFINITY, false},
               {"an infinite loss", INFINITY, fine, INFINITY, false},
               {"a loss above the highest", 10, fine, 0.9, false},
               {"a loss below it", 10, fine, 1.1, true}};
  for (const auto& tried : cases) {
    SCOPED_TRACE(tried.what);
    TrainState state = tiny_state(tiny_model());
    const std::vector<int64_t> before = state.adam_steps;
    const Verdict verdict =
        verdict_of(tried.loss_sum, tried.gradients, {.clip_norm = 1, .highest_loss = tried.highest});
    EXPECT_EQ(verdict.guard[1].item<float>(), tried.applied ? 1 : 0);
    EXPECT_EQ(settle(verdict, state).applied, tried.applied);
    EXPECT_EQ(state.adam_steps[0], before[0] + (tried.applied ? 1 : 0));
  }
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
  update(model, state, gradients, settings, kRate, go(0.5));

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
  update(model, state, gradients, settings, 0.01, go(1));
  settle(go(1), state);
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
  update(model, state, gradients, config::TrainSection(), 0.1, go(1));
  const auto weights = model.weights.blocks(), compute = model.compute.blocks();
  for (size_t block = 0; block < weights.size(); ++block) {
    EXPECT_TRUE(at::equal(compute[block], weights[block].to(at::kBFloat16))) << block;
  }
}

}  // namespace
}  // namespace cambium::train
