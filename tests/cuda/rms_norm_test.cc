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

}  // namespace
}  // namespace cambium::ops::cuda
