#include "cambium/ops/adamw.h"

#include "tests/ops/op_test.h"
#include "tests/ops/twins.h"

namespace cambium::ops {
namespace {

class AdamW : public OpTest {
 protected:
  static at::Tensor guard(float scale, float go = 1) { return at::tensor({scale, go}); }
};

TEST_P(AdamW, IsTheTwinOverTwentySteps) {
  // Enough entries for more than one thread's share, and not a multiple of any vector.
  constexpr int64_t kCount = (1 << 14) + 13;
  for (const double weight_decay : {0.0, 0.1}) {
    SCOPED_TRACE(weight_decay);
    at::Tensor weight = random_float({kCount}), mean = at::zeros({kCount}), square = at::zeros({kCount});
    at::Tensor compute = unwritten({kCount}, at::kBFloat16);
    at::Tensor exact = weight.to(at::kDouble), exact_mean = mean.to(at::kDouble), exact_square = square.to(at::kDouble);
    for (int64_t step = 1; step <= 20; ++step) {
      const AdamWStep settings{.learning_rate = 3e-3 * static_cast<double>(step),
                               .beta1 = 0.9,
                               .beta2 = 0.95,
                               .eps = 1e-8,
                               .weight_decay = weight_decay,
                               .step = step};
      const double scale = step % 3 == 0 ? 0.25 : 1.0;
      const at::Tensor grad = random_float({kCount});
      adamw(settings, guard(static_cast<float>(scale)), grad, weight, mean, square, compute);
      twins::adamw(settings, scale, grad.to(at::kDouble), exact, exact_mean, exact_square);
    }
    EXPECT_TRUE(close(weight, exact, {5e-6, 2e-6}));
    EXPECT_TRUE(close(mean, exact_mean, {5e-6, 2e-6}));
    EXPECT_TRUE(close(square, exact_square, {5e-6, 0}));
    EXPECT_TRUE(at::equal(compute, weight.to(at::kBFloat16)));
  }
}

TEST_P(AdamW, LeavesWeightsWithoutGradientAndDecayAlone) {
  const at::Tensor before = random_float({100});
  at::Tensor weight = before.clone(), mean = at::zeros({100}), square = at::zeros({100});
  const AdamWStep step{1e-2, 0.9, 0.95, 1e-8, 0.0, 1};
  adamw(step, guard(1), at::zeros({100}), weight, mean, square, at::Tensor());
  EXPECT_TRUE(at::equal(weight, before));
}

TEST_P(AdamW, ChangesNothingWhereItIsNotToGo) {
  const at::Tensor before = random_float({100});
  at::Tensor weight = before.clone(), mean = before * 0.1, square = before.abs(), compute = before.to(at::kBFloat16);
  adamw({1e-2, 0.9, 0.95, 1e-8, 0.1, 3}, guard(NAN, 0), at::full({100}, NAN), weight, mean, square, compute);
  EXPECT_TRUE(at::equal(weight, before));
  EXPECT_TRUE(at::equal(mean, before * 0.1));
  EXPECT_TRUE(at::equal(square, before.abs()));
  EXPECT_TRUE(at::equal(compute, before.to(at::kBFloat16)));
}

TEST_P(AdamW, GivesTheSameBitsForAnyNumberOfThreadsAndAnySlicing) {
  constexpr int64_t kCount = 50'001;
  const at::Tensor before = random_float({kCount}), grad = random_float({kCount});
  const AdamWStep step{1e-2, 0.9, 0.95, 1e-8, 0.1, 3};
  std::vector<at::Tensor> results;
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    at::Tensor weight = before.clone(), mean = before * 0.1, square = before.abs() * 0.1;
    adamw(step, guard(0.5), grad, weight, mean, square, at::Tensor());
    results.push_back(weight);
  }
  EXPECT_TRUE(at::equal(results[0], results[1]));
  // A sharded optimizer updates a slice at a time.
  at::Tensor weight = before.clone(), mean = before * 0.1, square = before.abs() * 0.1;
  for (const std::pair<int64_t, int64_t>& range : {std::pair<int64_t, int64_t>{0, 20'003}, {20'003, kCount}}) {
    const auto slice = [&](const at::Tensor& of) { return of.slice(0, range.first, range.second); };
    adamw(step, guard(0.5), slice(grad), slice(weight), slice(mean), slice(square), at::Tensor());
  }
  EXPECT_TRUE(at::equal(weight, results[0]));
}

INSTANTIATE_TEST_SUITE_P(In, AdamW, testing::Values(at::kFloat), [](const auto&) { return "float32"; });

}  // namespace
}  // namespace cambium::ops
