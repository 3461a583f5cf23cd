#include "tests/cuda/kernel_test.h"

namespace cambium::ops::cuda {
namespace {

constexpr AdamWFactors kFactors{.rest1 = 0.1F,
                                .beta2 = 0.95F,
                                .rest2 = 0.05F,
                                .sqrt_correction2 = 0.6F,
                                .eps = 1e-8F,
                                .shrink = 0.999F,
                                .step_size = 3e-3F};

/// Weights with their gradients and moments.
struct State {
  Buffer<float> grad, weight, exp_avg, exp_avg_sq;
  Buffer<BFloat16> compute;

  State(Random& random, int64_t count, int64_t offset)
      : grad(random.normal(count), offset),
        weight(random.normal(count), offset),
        exp_avg(random.normal(count), offset),
        exp_avg_sq(random.normal(count), offset),
        compute(count, offset) {
    for (int64_t i = 0; i < count; ++i) {
      exp_avg_sq.data()[i] = std::abs(exp_avg_sq.data()[i]);
    }
  }
  void update(const float* guard, bool with_copy = true) {
    adamw(kStream, kFactors, guard, grad.size(), grad.data(), weight.data(), exp_avg.data(), exp_avg_sq.data(),
          with_copy ? compute.data() : nullptr);
  }
  std::string bytes() const { return weight.bytes() + exp_avg.bytes() + exp_avg_sq.bytes() + compute.bytes(); }
};

TEST(AdamW, IsThePlainFormulaOnGuardedGradients) {
  Random random;
  const float guard[] = {0.25F, 1.0F};
  for (const int64_t count : {1, 5, 64, 1023, 5000}) {
    for (const int64_t offset : {0, 1}) {
      SCOPED_TRACE(testing::Message() << count << " weights, offset " << offset);
      State state(random, count, offset);
      std::vector<double> weight, exp_avg, exp_avg_sq, compute;
      for (int64_t i = 0; i < count; ++i) {
        const double grad = state.grad[i] * guard[0];
        exp_avg.push_back(state.exp_avg[i] + (grad - state.exp_avg[i]) * kFactors.rest1);
        exp_avg_sq.push_back(state.exp_avg_sq[i] * kFactors.beta2 + grad * grad * kFactors.rest2);
        const double denominator = std::sqrt(exp_avg_sq.back()) / kFactors.sqrt_correction2 + kFactors.eps;
        weight.push_back(state.weight[i] * kFactors.shrink - kFactors.step_size * exp_avg.back() / denominator);
      }
      state.update(guard);
      EXPECT_TRUE(close(state.weight, weight, kRounding<float>));
      EXPECT_TRUE(close(state.exp_avg, exp_avg, kRounding<float>));
      EXPECT_TRUE(close(state.exp_avg_sq, exp_avg_sq, kRounding<float>));
      EXPECT_TRUE(close(state.compute, weight, kRounding<BFloat16>));
      for (int64_t i = 0; i < count; ++i) {  // the copy is of the weight that was written
        ASSERT_EQ(state.compute.data()[i].bits, nearest<BFloat16>(state.weight[i]).bits);
      }
      EXPECT_TRUE(state.grad.guards_are_intact());
    }
  }
}

TEST(AdamW, DoesNothingWhereTheGuardSaysSo) {
  Random random;
  State state(random, 100, 0);
  const std::string before = state.bytes();
  const float guard[] = {NAN, 0.0F};
  state.update(guard);
  EXPECT_EQ(state.bytes(), before);
}

TEST(AdamW, NeedsNoCopyAndGivesTheSameBitsInAnyOrder) {
  const float guard[] = {1.0F, 1.0F};
  expect_same_bits([&] {
    Random random;
    State state(random, 1027, 0);
    state.update(guard, /*with_copy=*/false);
    EXPECT_EQ(state.compute.bytes(), Buffer<BFloat16>(1027).bytes());
    return state.bytes();
  });
}

}  // namespace
}  // namespace cambium::ops::cuda
