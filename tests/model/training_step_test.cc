#include "cambium/model/training_step.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/model/golden.h"
#include "tests/model/small_model.h"

namespace cambium::model {
namespace {

constexpr int64_t kBatch = 2, kSeq = 65, kLayers = 3;
constexpr double kScale = 1.0 / (kBatch * kSeq);

at::Tensor some_targets() {
  at::Tensor targets = some_ids(kBatch, kSeq + 1).narrow(1, 1, kSeq).contiguous();
  targets[0][3] = -1;  // some positions predict nothing
  targets[1][64] = -1;
  return targets;
}

struct Result {
  double loss;
  Parameters gradients;
};

Result run(Llama& model, const TrainingStep::Options& options) {
  TrainingStep step(model, options);
  Result result{.loss = 0, .gradients = Parameters::zeros(model.config, at::kFloat)};
  step.forward_backward(some_ids(kBatch, kSeq), some_targets(), kScale, result.gradients);
  result.loss = step.loss_sum().item<double>();
  return result;
}

class TrainingSteps : public testing::TestWithParam<Precision> {
 protected:
  TrainingSteps() : model_(small_model(config(), GetParam())) {}
  static ModelConfig config() {
    ModelConfig config = small_config(kLayers);
    config.tie_word_embeddings = true;
    config.layer_norm_scaling = true;
    return config;
  }
  Llama model_;
};

void expect_same_bits(const Result& one, const Result& other) {
  EXPECT_EQ(one.loss, other.loss);
  const std::vector<at::Tensor> blocks = one.gradients.blocks(), others = other.gradients.blocks();
  ASSERT_EQ(blocks.size(), others.size());
  for (size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_TRUE(at::equal(blocks[i], others[i])) << "block " << i;
    EXPECT_GT(blocks[i].abs().max().item<double>(), 0.0) << "block " << i;
  }
}

TEST_P(TrainingSteps, GiveTheSameBitsWithLayersComputedAgain) {
  for (const Recompute recompute : {Recompute::kSelective, Recompute::kFull}) {
    expect_same_bits(run(model_, {.batch = kBatch, .seq = kSeq}),
                     run(model_, {.batch = kBatch, .seq = kSeq, .recompute = recompute}));
  }
}

TEST_P(TrainingSteps, GiveTheSameBitsTwiceOnTwoThreads) {
  at::set_num_threads(2);
  const TrainingStep::Options options{.batch = kBatch, .seq = kSeq};
  expect_same_bits(run(model_, options), run(model_, options));
  at::set_num_threads(1);
}

TEST_P(TrainingSteps, KeepDocumentsApart) {
  constexpr int64_t kEnd = 100, kFirst = 20, kSecond = 64;  // the documents' last tokens
  at::Tensor ids = some_ids(1, kSeq);
  ids.masked_fill_(ids == kEnd, 1);
  ids[0][kFirst] = kEnd;
  ids[0][kSecond] = kEnd;
  const at::Tensor targets = some_ids(1, kSeq + 1).narrow(1, 1, kSeq).contiguous();
  const auto loss = [&](int64_t begin, int64_t count, std::optional<int64_t> document_end, Parameters& gradients) {
    TrainingStep step(model_, {.batch = 1, .seq = count, .document_end = document_end});
    step.forward_backward(ids.narrow(1, begin, count), targets.narrow(1, begin, count), kScale, gradients);
    return step.loss_sum().item<double>();
  };
  const auto zeros = [&] { return Parameters::zeros(model_.config, at::kFloat); };
  Parameters together = zeros(), alone = zeros(), plain = zeros();
  const double masked = loss(0, kSeq, kEnd, together);
  const double apart = loss(0, kFirst + 1, {}, alone) + loss(kFirst + 1, kSecond - kFirst, {}, alone);
  // Rotations start at other positions: only their rounding differs.
  const bool exact = GetParam() == Precision::kFloat32;
  EXPECT_NEAR(masked, apart, (exact ? 1e-6 : 2e-3) * apart);
  const std::vector<at::Tensor> one = together.blocks(), other = alone.blocks();
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_LT((one[i] - other[i]).norm().item<double>(), (exact ? 1e-5 : 3e-2) * other[i].norm().item<double>()) << i;
  }
  EXPECT_GT(std::abs(loss(0, kSeq, {}, plain) - masked), 1e-2);
}

TEST_P(TrainingSteps, HaveTheLossOfTheForwardPass) {
  TrainingStep step(model_, {.batch = kBatch, .seq = kSeq});
  const at::Tensor ids = some_ids(kBatch, kSeq), targets = some_targets();
  const double loss = step.forward(ids, targets);
  EXPECT_EQ(run(model_, {.batch = kBatch, .seq = kSeq}).loss, loss);
  const at::Tensor log_probs = logits_of(model_, ids).to(at::kDouble).log_softmax(1);
  const at::Tensor flat = targets.flatten().to(at::kLong), has_target = flat >= 0;
  const at::Tensor picked = log_probs.gather(1, flat.clamp_min(0).unsqueeze(1)).squeeze(1);
  EXPECT_NEAR(loss, -(picked * has_target).sum().item<double>(), 1e-6 * loss);
}

TEST_P(TrainingSteps, AddToTheGradientsThatAreThere) {
  TrainingStep step(model_, {.batch = kBatch, .seq = kSeq});
  Parameters gradients = Parameters::zeros(model_.config, at::kFloat);
  for (int i = 0; i < 2; ++i) {
    step.forward_backward(some_ids(kBatch, kSeq), some_targets(), kScale, gradients);
  }
  const Result once = run(model_, {.batch = kBatch, .seq = kSeq});
  EXPECT_EQ(step.loss_sum().item<double>(), 2 * once.loss);
  for (size_t i = 0; i < gradients.blocks().size(); ++i) {
    const at::Tensor twice = 2 * once.gradients.blocks()[i];
    EXPECT_LT(largest_difference(gradients.blocks()[i], twice), 1e-5 * twice.abs().max().item<double>()) << i;
  }
}

TEST_P(TrainingSteps, ForgetWhatAnEarlierBatchLeft) {
  TrainingStep step(model_, {.batch = kBatch, .seq = kSeq});
  Result later{.loss = 0, .gradients = Parameters::zeros(model_.config, at::kFloat)};
  step.forward_backward(some_targets().clamp_min(0), some_ids(kBatch, kSeq), kScale, later.gradients);
  later.gradients.zero();
  step.clear_loss();
  step.forward_backward(some_ids(kBatch, kSeq), some_targets(), kScale, later.gradients);
  later.loss = step.loss_sum().item<double>();
  expect_same_bits(run(model_, {.batch = kBatch, .seq = kSeq}), later);
}

/// Writes down what a step tells, with each block's gradient at the moment when it is said to be complete.
struct Listener : StepListener {
  explicit Listener(Parameters& of) : gradients(of) {}
  void reads(size_t block) override { read.push_back(block); }
  void gradient_complete(size_t block) override {
    complete.push_back(block);
    at_that_moment.push_back(gradients.blocks()[block].clone());
  }
  Parameters& gradients;
  std::vector<size_t> read, complete;
  std::vector<at::Tensor> at_that_moment;
};

TEST_P(TrainingSteps, TellWhichBlocksTheyReadAndHaveCompleted) {
  for (const bool loops : {false, true}) {
    ModelConfig with_loop = config();
    if (loops) {
      with_loop.loop = Loop{.first = 1, .last = 3, .times = 2};
    }
    Llama model = small_model(with_loop, GetParam());
    TrainingStep step(model, {.batch = kBatch, .seq = kSeq});
    Parameters gradients = Parameters::zeros(model.config, at::kFloat);
    Listener listener(gradients);
    step.listen(&listener);
    step.forward_backward(some_ids(kBatch, kSeq), some_targets(), kScale, gradients);
    using Blocks = std::vector<size_t>;
    EXPECT_EQ(listener.read, loops ? (Blocks{0, 1, 2, 3, 2, 3, 4}) : (Blocks{0, 1, 2, 3, 4}));
    EXPECT_EQ(listener.complete, (Blocks{4, 3, 2, 1, 0}));
    for (size_t i = 0; i < listener.complete.size(); ++i) {
      EXPECT_TRUE(at::equal(listener.at_that_moment[i], gradients.blocks()[listener.complete[i]])) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(In, TrainingSteps, testing::Values(Precision::kFloat32, Precision::kBFloat16),
                         [](const auto& each) { return each.param == Precision::kFloat32 ? "float32" : "bfloat16"; });

/// Along the gradient the objective rises as the gradient says, with everything switched on.
TEST(TrainingStep, GradientIsTheSlopeOfTheObjective) {
  ModelConfig config = small_config(kLayers);
  config.layer_norm_scaling = true;
  Llama model = small_model(config);
  constexpr double kZLoss = 1e-2;
  const Result at_start = run(model, {.batch = kBatch, .seq = kSeq, .z_loss = kZLoss});
  const auto objective = [&] {
    const at::Tensor targets = some_targets().flatten().to(at::kLong), has_target = targets >= 0;
    const at::Tensor logits = logits_of(model, some_ids(kBatch, kSeq)).to(at::kDouble), lse = logits.logsumexp(1);
    const at::Tensor picked = logits.gather(1, targets.clamp_min(0).unsqueeze(1)).squeeze(1);
    return kScale * ((lse - picked + kZLoss * lse.pow(2)) * has_target).sum().item<double>();
  };
  const std::vector<at::Tensor> weights = model.weights.blocks(), gradients = at_start.gradients.blocks();
  for (size_t i = 0; i < weights.size(); ++i) {
    const double squares = gradients[i].to(at::kDouble).pow(2).sum().item<double>(), step = 3e-3 / std::sqrt(squares);
    const at::Tensor before = weights[i].clone();
    at::Tensor block = weights[i];
    const auto objective_at = [&](double distance) {
      block.copy_(before + distance * gradients[i]);
      return objective();
    };
    const double slope = (objective_at(step) - objective_at(-step)) / (2 * step);
    block.copy_(before);
    EXPECT_NEAR(slope, squares, 2e-3 * squares) << "block " << i;
  }
}

TEST(TrainingStep, InBFloat16HasTheDirectionOfFloat32) {
  const ModelConfig config = small_config(kLayers);
  Llama exact = small_model(config), rounded = small_model(config, Precision::kBFloat16);
  const TrainingStep::Options options{.batch = kBatch, .seq = kSeq};
  const Result wanted = run(exact, options), found = run(rounded, options);
  EXPECT_NEAR(found.loss, wanted.loss, 1e-2 * wanted.loss);
  for (size_t i = 0; i < wanted.gradients.blocks().size(); ++i) {
    const at::Tensor a = wanted.gradients.blocks()[i], b = found.gradients.blocks()[i];
    EXPECT_GT((a.dot(b) / (a.norm() * b.norm())).item<double>(), 0.999) << "block " << i;
    EXPECT_NEAR((b.norm() / a.norm()).item<double>(), 1, 0.01) << "block " << i;
  }
}

}  // namespace
}  // namespace cambium::model
