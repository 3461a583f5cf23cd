#include "tests/cuda/kernel_test.h"

namespace cambium::ops::cuda {
namespace {

template <typename T>
class Swiglu : public KernelTest<T> {};
TYPED_TEST_SUITE(Swiglu, Types);

struct Shape {
  int64_t rows, f, offset;
};
constexpr Shape kShapes[] = {{1, 12, 0},   {7, 64, 0},   {513, 100, 0}, {3, 257, 0},
                             {2, 2048, 0}, {5, 4104, 0}, {7, 64, 1}};

TYPED_TEST(Swiglu, ForwardAndBackwardAreThePlainFormula) {
  for (const auto& [rows, f, offset] : kShapes) {
    SCOPED_TRACE(testing::Message() << rows << " rows of " << f << ", offset " << offset);
    Buffer<TypeParam> gate_up(this->random.normal(rows * 2 * f, 3.0), offset), y(rows * f);
    Buffer<TypeParam> dy(this->random.normal(rows * f));
    std::vector<double> wanted_y, wanted_grad(static_cast<size_t>(rows * 2 * f));
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t i = 0; i < f; ++i) {
        const int64_t at = row * 2 * f + i;
        const double gate = gate_up[at], up = gate_up[at + f], grad = dy[row * f + i];
        const double sigmoid = 1.0 / (1.0 + std::exp(-gate));
        wanted_y.push_back(gate * sigmoid * up);
        wanted_grad[static_cast<size_t>(at)] = grad * up * (sigmoid + gate * sigmoid * (1.0 - sigmoid));
        wanted_grad[static_cast<size_t>(at + f)] = grad * gate * sigmoid;
      }
    }
    swiglu(kStream, gate_up.data(), rows, f, y.data());
    EXPECT_TRUE(close(y, wanted_y, kRounding<TypeParam>));
    swiglu_backward(kStream, dy.data(), rows, f, gate_up.data());
    EXPECT_TRUE(close(gate_up, wanted_grad, kRounding<TypeParam>));
  }
}

TYPED_TEST(Swiglu, IsFiniteForLargeGates) {
  Buffer<TypeParam> gate_up({-200.0, -100.0, -88.0, 88.0, 100.0, 1.0, 1.0, 1.0, 1.0, 1.0}), y(5);
  swiglu(kStream, gate_up.data(), 1, 5, y.data());
  EXPECT_TRUE(close(y, {0.0, 0.0, 0.0, 88.0, 100.0}, kRounding<TypeParam>));
}

TYPED_TEST(Swiglu, GivesTheSameBitsInAnyOrder) {
  const std::vector<double> gate_up = this->random.normal(9 * 2 * 40), dy = this->random.normal(9 * 40);
  expect_same_bits([&] {
    Buffer<TypeParam> buffer(gate_up), grad(dy), y(9 * 40);
    swiglu(kStream, buffer.data(), 9, 40, y.data());
    swiglu_backward(kStream, grad.data(), 9, 40, buffer.data());
    return y.bytes() + buffer.bytes();
  });
}

}  // namespace
}  // namespace cambium::ops::cuda
