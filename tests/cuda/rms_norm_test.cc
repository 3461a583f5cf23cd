#include "tests/cuda/kernel_test.h"

namespace cambium::ops::cuda {
namespace {

template <typename T>
class RmsNorm : public KernelTest<T> {};
TYPED_TEST_SUITE(RmsNorm, Types);

constexpr float kEps = 1e-5F, kScale = 0.204124F;

struct Shape {
  int64_t rows, d, offset;
};
constexpr Shape kShapes[] = {{1, 64, 0},   {7, 12, 0},   {513, 64, 0},  {513, 100, 0}, {65, 257, 0},
                             {7, 2048, 0}, {3, 8192, 0}, {2, 10000, 0}, {7, 64, 1},    {2, 2051, 1}};

TYPED_TEST(RmsNorm, ForwardIsThePlainFormula) {
  for (const auto& [rows, d, offset] : kShapes) {
    SCOPED_TRACE(testing::Message() << rows << " rows of " << d << ", offset " << offset);
    Buffer<float> x(this->random.normal(rows * d, 3.0), offset), weight(this->random.normal(d)), inv_rms(rows);
    Buffer<TypeParam> y(rows * d);
    std::vector<double> wanted_y, wanted_inverse;
    for (int64_t row = 0; row < rows; ++row) {
      double squares = 0;
      for (int64_t i = 0; i < d; ++i) {
        squares += x[row * d + i] * x[row * d + i];
      }
      const double inverse = 1.0 / std::sqrt(squares / static_cast<double>(d) + kEps);
      wanted_inverse.push_back(inverse);
      for (int64_t i = 0; i < d; ++i) {
        wanted_y.push_back(x[row * d + i] * inverse * kScale * weight[i]);
      }
    }
    rms_norm(kStream, x.data(), weight.data(), kEps, kScale, rows, d, y.data(), inv_rms.data());
    EXPECT_TRUE(close(y, wanted_y, kRounding<TypeParam>));
    EXPECT_TRUE(close(inv_rms, wanted_inverse, kRounding<float>));
  }
}

TYPED_TEST(RmsNorm, BackwardIsThePlainFormula) {
  for (const auto& [rows, d, offset] : kShapes) {
    SCOPED_TRACE(testing::Message() << rows << " rows of " << d << ", offset " << offset);
    Buffer<float> x(this->random.normal(rows * d, 3.0), offset), weight(this->random.normal(d));
    Buffer<TypeParam> dy(this->random.normal(rows * d));
    Buffer<float> dx(this->random.normal(rows * d)), dweight(this->random.normal(d));
    Buffer<float> inv_rms(rows), partial(kNormParts * d);
    std::vector<double> wanted_dx(static_cast<size_t>(rows * d)), wanted_dweight(static_cast<size_t>(d));
    for (int64_t i = 0; i < d; ++i) {
      wanted_dweight[static_cast<size_t>(i)] = dweight[i];
    }
    for (int64_t row = 0; row < rows; ++row) {
      double squares = 0, dot = 0;  // of x with itself, and with the gradient of the normed row
      for (int64_t i = row * d; i < (row + 1) * d; ++i) {
        squares += x[i] * x[i];
        dot += x[i] * dy[i] * weight[i - row * d];
      }
      const double inverse = 1.0 / std::sqrt(squares / static_cast<double>(d) + kEps);
      inv_rms.data()[row] = static_cast<float>(inverse);
      for (int64_t i = 0; i < d; ++i) {
        const double entry = x[row * d + i], grad = dy[row * d + i];
        wanted_dx[static_cast<size_t>(row * d + i)] =
            dx[row * d + i] +
            kScale * inverse * (grad * weight[i] - entry * inverse * inverse * dot / static_cast<double>(d));
        wanted_dweight[static_cast<size_t>(i)] += grad * entry * inverse * kScale;
      }
    }
    rms_norm_backward(kStream, dy.data(), x.data(), weight.data(), inv_rms.data(), kScale, rows, d, dx.data(),
                      dweight.data(), partial.data());
    EXPECT_TRUE(close(dx, wanted_dx, {1e-5, 2e-6}));
    EXPECT_TRUE(close(dweight, wanted_dweight, {1e-5, 2e-6}));
    EXPECT_TRUE(partial.guards_are_intact());
  }
}

TYPED_TEST(RmsNorm, BackwardOfNoRowsDoesNothing) {
  Buffer<float> empty(0), weight(this->random.normal(8)), dweight(std::vector<double>(8, 1.0)), partial(kNormParts * 8);
  Buffer<TypeParam> dy(0);
  rms_norm_backward(kStream, dy.data(), empty.data(), weight.data(), empty.data(), 1.0F, 0, 8, empty.data(),
                    dweight.data(), partial.data());
  EXPECT_TRUE(close(dweight, std::vector<double>(8, 1.0), {0.0, 0.0}));
}

TYPED_TEST(RmsNorm, OfZeroesIsZero) {
  Buffer<float> x(std::vector<double>(24)), weight(this->random.normal(12)), inv_rms(2);
  Buffer<TypeParam> y(24);
  rms_norm(kStream, x.data(), weight.data(), kEps, 1.0F, 2, 12, y.data(), inv_rms.data());
  EXPECT_TRUE(close(y, std::vector<double>(24), {0.0, 0.0}));
}

TYPED_TEST(RmsNorm, ForwardGivesTheSameBitsInAnyOrder) {
  const int64_t rows = 13, d = 516;
  Buffer<float> x(this->random.normal(rows * d)), weight(this->random.normal(d));
  expect_same_bits([&] {
    Buffer<float> inv_rms(rows);
    Buffer<TypeParam> y(rows * d);
    rms_norm(kStream, x.data(), weight.data(), kEps, kScale, rows, d, y.data(), inv_rms.data());
    return y.bytes() + inv_rms.bytes();
  });
}

TYPED_TEST(RmsNorm, BackwardGivesTheSameBitsInAnyOrder) {
  for (const auto& [rows, d] : {std::pair<int64_t, int64_t>{41, 516}, {5, 4100}}) {
    Buffer<float> x(this->random.normal(rows * d)), weight(this->random.normal(d));
    Buffer<float> inv_rms(std::vector<double>(static_cast<size_t>(rows), 0.5));
    Buffer<TypeParam> dy(this->random.normal(rows * d));
    const std::vector<double> zeroes(static_cast<size_t>(rows * d)), few_zeroes(static_cast<size_t>(d));
    expect_same_bits([&, rows = rows, d = d] {
      Buffer<float> dx(zeroes), dweight(few_zeroes), partial(kNormParts * d);
      rms_norm_backward(kStream, dy.data(), x.data(), weight.data(), inv_rms.data(), kScale, rows, d, dx.data(),
                        dweight.data(), partial.data());
      return dx.bytes() + dweight.bytes();
    });
  }
}

}  // namespace
}  // namespace cambium::ops::cuda
