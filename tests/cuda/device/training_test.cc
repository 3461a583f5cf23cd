#include <gtest/gtest.h>

#include <cstdlib>
#include <ostream>

#include "cambium/model/training_step.h"
#include "cambium/ops/cuda.h"
#include "cambium/train/apply_growth.h"
#include "cambium/train/optimizer.h"
#include "cambium/train/state.h"
#include "tests/model/small_model.h"

// Training on a GPU against training on the CPU, which the goldens of tests/model are about.

namespace cambium::train {
namespace {

using model::Recompute;
constexpr int64_t kBatch = 2, kSeq = 65;

/// Heads that FlashAttention takes.
model::ModelConfig flash_config() {
  model::ModelConfig config = model::small_config(3);
  config.hidden_size = 128;
  config.num_attention_heads = 4;
  config.num_key_value_heads = 2;
  return config;
}

model::Llama on_device(const model::Llama& host) { return {host.config, host.weights.to(at::kCUDA), host.precision}; }

struct Case {
  const char* name;
  bool flash;
  model::Precision precision;
};

std::ostream& operator<<(std::ostream& out, const Case& tried) { return out << tried.name; }

class TrainingOnDevice : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (ops::cuda().backend == nullptr) {
      GTEST_SKIP() << "no GPU to test on: " << ops::cuda().why_not;
    }
  }
  static model::Llama host_model() {
    return model::small_model(GetParam().flash ? flash_config() : model::small_config(3), GetParam().precision);
  }
  static bool exact() { return GetParam().precision == model::Precision::kFloat32; }
};

struct Result {
  double loss;
  model::Parameters gradients;
};

/// Σ loss and gradients after `calls` calls.
Result run(model::Llama& model, Recompute recompute = Recompute::kNone, int calls = 1) {
  model::TrainingStep step(model, {.batch = kBatch, .seq = kSeq, .recompute = recompute});
  Result result{0, model::Parameters::zeros(model.config, model.options(at::kFloat))};
  const at::Tensor all = model::some_ids(kBatch, kSeq + 1);
  for (int i = 0; i < calls; ++i) {
    step.forward_backward(all.narrow(1, 0, kSeq), all.narrow(1, 1, kSeq).contiguous(), 1.0 / (kBatch * kSeq),
                          result.gradients);
  }
  result.loss = step.loss_sum().item<double>();
  return result;
}

void expect_like(const Result& found, const Result& wanted, double times, double tolerance) {
  EXPECT_NEAR(found.loss, times * wanted.loss, tolerance * times * wanted.loss);
  for (size_t i = 0; i < wanted.gradients.blocks().size(); ++i) {
    const at::Tensor expected = times * wanted.gradients.blocks()[i], got = found.gradients.blocks()[i].cpu();
    EXPECT_LT((got - expected).norm().item<double>(), tolerance * expected.norm().item<double>()) << "block " << i;
  }
}

TEST_P(TrainingOnDevice, GradientsAreTheCpus) {
  model::Llama host = host_model(), device = on_device(host);
  expect_like(run(device), run(host), 1, exact() ? 1e-5 : 3e-2);
}

TEST_P(TrainingOnDevice, RecordingsRepeatTheStep) {
  model::Llama host = host_model(), device = on_device(host);
  const Result once = run(device);
  expect_like(run(device, Recompute::kNone, 4), {once.loss, once.gradients.to(at::kCPU)}, 4, 1e-4);
  setenv("CAMBIUM_CUDA_GRAPH", "off", 1);
  expect_like(run(device, Recompute::kNone, 4), {once.loss, once.gradients.to(at::kCPU)}, 4, 1e-4);
  unsetenv("CAMBIUM_CUDA_GRAPH");
}

TEST_P(TrainingOnDevice, RecomputationChangesNothing) {
  model::Llama host = host_model(), device = on_device(host);
  const Result kept = run(device);
  for (const Recompute recompute : {Recompute::kSelective, Recompute::kFull}) {
    expect_like(run(device, recompute, 3), {kept.loss, kept.gradients.to(at::kCPU)}, 3, 1e-4);
  }
}

/// Twenty steps with a growth in the middle: losses stay together.
TEST_P(TrainingOnDevice, TrainsAndGrowsLikeTheCpu) {
  const config::TrainSection settings;
  const auto losses_of = [&](model::Llama model) {
    TrainState state = TrainState::fresh(model);
    std::vector<double> losses;
    for (int part = 0; part < 2; ++part) {
      model::TrainingStep step(model, {.batch = kBatch, .seq = kSeq});
      model::Parameters gradients = model::Parameters::zeros(model.config, model.options(at::kFloat));
      const at::Tensor all = model::some_ids(kBatch, kSeq + 1);
      for (int i = 0; i < 10; ++i) {
        gradients.zero();
        step.clear_loss();
        step.forward_backward(all.narrow(1, 0, kSeq), all.narrow(1, 1, kSeq).contiguous(), 1.0 / (kBatch * kSeq),
                              gradients);
        const Verdict verdict = judge(step.loss_sum(), kBatch * kSeq, gradients, {.clip_norm = 1});
        update(model, state, gradients, settings, 1e-3, verdict);
        const StepOutcome outcome = settle(verdict, state);
        EXPECT_TRUE(outcome.applied);
        losses.push_back(outcome.loss);
      }
      if (part == 0) {
        grow(model, state, {{.step = 10, .op = "lidas", .from_layers = 3, .to_layers = 4, .growth = {{1}, 2}}, {}});
      }
    }
    return losses;
  };
  const model::Llama host = host_model();
  const std::vector<double> wanted = losses_of(host_model()), found = losses_of(on_device(host));
  ASSERT_EQ(found.size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(found[i], wanted[i], (exact() ? 1e-4 : 2e-2) * wanted[i]) << "step " << i;
  }
  EXPECT_LT(found.back(), 0.9 * found.front());
}

TEST_P(TrainingOnDevice, LogitsAreTheCpus) {
  model::Llama host = host_model(), device = on_device(host);
  const at::Tensor ids = model::some_ids(2, 33);
  const at::Tensor wanted = model::logits_of(host, ids), found = model::logits_of(device, ids);
  EXPECT_LT((found - wanted).norm().item<double>(), (exact() ? 1e-5 : 2e-2) * wanted.norm().item<double>());
  model::Forward forward(device), host_forward(host);
  EXPECT_TRUE(at::allclose(model::token_log_probs(device, forward, ids),
                           model::token_log_probs(host, host_forward, ids), exact() ? 1e-4 : 3e-2, 3e-2));
}

INSTANTIATE_TEST_SUITE_P(Of, TrainingOnDevice,
                         testing::Values(Case{"float32", false, model::Precision::kFloat32},
                                         Case{"bfloat16_plain", false, model::Precision::kBFloat16},
                                         Case{"bfloat16_flash", true, model::Precision::kBFloat16}),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace cambium::train
