#include "tests/cuda/kernel_test.h"

namespace cambium::ops::cuda {
namespace {

template <typename T>
class CrossEntropy : public KernelTest<T> {};
TYPED_TEST_SUITE(CrossEntropy, Types);

struct Shape {
  int64_t rows, vocab, offset;
};
constexpr Shape kShapes[] = {{1, 13, 0},   {7, 13, 1},    {513, 13, 0}, {9, 1000, 0},
                             {3, 1001, 0}, {2, 50257, 0}, {5, 1, 0}};
constexpr LossGradient kGradient{.scale = 0.125F, .z_loss = 1e-2F};

/// The loss of a row and its gradient as the formulas have them.
template <typename T>
double plain_loss(const Buffer<T>& logits, int64_t first, int64_t vocab, int64_t target,
                  std::vector<double>& gradient) {
  if (target < 0) {
    gradient.insert(gradient.end(), static_cast<size_t>(vocab), 0.0);
    return 0;
  }
  double highest = logits[first], sum = 0;
  for (int64_t i = 0; i < vocab; ++i) {
    highest = std::max(highest, logits[first + i]);
  }
  for (int64_t i = 0; i < vocab; ++i) {
    sum += std::exp(logits[first + i] - highest);
  }
  const double lse = highest + std::log(sum);
  for (int64_t i = 0; i < vocab; ++i) {
    const double probability = std::exp(logits[first + i] - lse);
    gradient.push_back(kGradient.scale *
                       (probability * (1.0 + 2.0 * kGradient.z_loss * lse) - (i == target ? 1.0 : 0.0)));
  }
  return lse - logits[first + target];
}

TYPED_TEST(CrossEntropy, LossAndGradientAreThePlainFormulas) {
  for (const auto& [rows, vocab, offset] : kShapes) {
    SCOPED_TRACE(testing::Message() << rows << " rows of " << vocab << ", offset " << offset);
    Buffer<TypeParam> logits(this->random.normal(rows * vocab, 4.0), offset);
    std::vector<int32_t> targets;
    std::vector<double> wanted_loss, wanted_gradient;
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t target = row == 0 ? vocab - 1 : this->random.below(vocab);
      targets.push_back(row % 4 == 2 ? -100 : static_cast<int32_t>(target));
      wanted_loss.push_back(plain_loss(logits, row * vocab, vocab, targets.back(), wanted_gradient));
    }
    const std::string before = logits.bytes();
    Buffer<float> loss(rows), same_loss(rows);
    cross_entropy(kStream, logits.data(), rows, vocab, targets.data(), loss.data(), nullptr);
    EXPECT_TRUE(close(loss, wanted_loss, {2e-6, 1e-6}));
    EXPECT_EQ(logits.bytes(), before) << "without a gradient the logits stay";
    cross_entropy(kStream, logits.data(), rows, vocab, targets.data(), same_loss.data(), &kGradient);
    EXPECT_EQ(same_loss.bytes(), loss.bytes());
    // An entry is the difference of two: what rounding leaves of it depends on the larger one.
    const Tolerance rounding = kRounding<TypeParam>;
    EXPECT_TRUE(close(logits, wanted_gradient, {rounding.relative * 4, rounding.absolute * 4}));
  }
}

TYPED_TEST(CrossEntropy, StandsLargeLogits) {
  Buffer<TypeParam> logits({1e30, -1e30, 0.0, -1000.0, -1000.0, -1000.0});
  const int32_t targets[] = {2, 0};
  Buffer<float> loss(2);
  cross_entropy(kStream, logits.data(), 2, 3, targets, loss.data(), &kGradient);
  EXPECT_NEAR(loss[0] / 1e30, 1.0, 0.01);
  EXPECT_NEAR(loss[1], std::log(3.0), 1e-4);  // of 1000 in float32
  // A masked entry has no share; NaN is not hidden.
  Buffer<TypeParam> masked({-INFINITY, 1.0, 1.0, NAN, 1.0, 1.0});
  cross_entropy(kStream, masked.data(), 2, 3, targets, loss.data(), nullptr);
  EXPECT_NEAR(loss[0], std::log(2.0), 1e-6);
  EXPECT_TRUE(std::isnan(loss[1]));
}

TYPED_TEST(CrossEntropy, GivesTheSameBitsInAnyOrder) {
  const int64_t rows = 4, vocab = 3001;
  const std::vector<double> values = this->random.normal(rows * vocab, 4.0);
  const int32_t targets[] = {0, 3000, -1, 17};
  expect_same_bits([&] {
    Buffer<TypeParam> logits(values);
    Buffer<float> loss(rows);
    cross_entropy(kStream, logits.data(), rows, vocab, targets, loss.data(), &kGradient);
    return logits.bytes() + loss.bytes();
  });
}

}  // namespace
}  // namespace cambium::ops::cuda
