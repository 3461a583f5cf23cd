#include "tests/cuda/kernel_test.h"

namespace cambium::ops::cuda {
namespace {

template <typename T>
class Rope : public KernelTest<T> {};
TYPED_TEST_SUITE(Rope, Types);

struct Shape {
  int64_t rows, heads, head_dim, stride, seq, first_position, offset;
};
constexpr Shape kShapes[] = {
    {1, 1, 2, 2, 1, 0, 0},       {7, 3, 6, 20, 4, 2, 0},    {513, 2, 16, 48, 100, 0, 0}, {12, 4, 64, 384, 6, 5, 0},
    {3, 12, 128, 1536, 3, 0, 0}, {12, 4, 64, 388, 6, 0, 0}, {12, 4, 64, 384, 6, 1, 1},   {4, 3, 20, 80, 4, 0, 0},
};

TYPED_TEST(Rope, RotatesTheFirstHeadsAndLeavesTheRest) {
  for (const auto& [rows, heads, head_dim, stride, seq, first_position, offset] : kShapes) {
    for (const float direction : {1.0F, -1.0F}) {
      SCOPED_TRACE(testing::Message() << rows << " rows of " << stride << ", " << heads << " heads of " << head_dim
                                      << ", direction " << direction);
      const int64_t half = head_dim / 2, positions = first_position + seq;
      std::vector<double> cosines, sines;
      for (int64_t i = 0; i < positions * half; ++i) {
        const double angle = static_cast<double>(i / half) * std::pow(100.0, -static_cast<double>(i % half) / 8.0);
        cosines.push_back(std::cos(angle));
        sines.push_back(std::sin(angle));
      }
      Buffer<float> cosine(cosines), sine(sines);
      Buffer<TypeParam> x(this->random.normal(rows * stride), offset);
      std::vector<double> wanted;
      for (int64_t i = 0; i < rows * stride; ++i) {
        const int64_t row = i / stride, column = i % stride, in_head = column % head_dim, pair = in_head % half;
        const int64_t at = (first_position + row % seq) * half + pair;
        const double c = cosine[at], s = direction * sine[at];
        if (column >= heads * head_dim) {
          wanted.push_back(x[i]);
        } else {
          wanted.push_back(in_head < half ? x[i] * c - x[i + half] * s : x[i] * c + x[i - half] * s);
        }
      }
      const Buffer<TypeParam> before = x;
      rope(kStream, x.data(), stride, rows, cosine.data(), sine.data(), heads, head_dim, seq, first_position,
           direction);
      EXPECT_TRUE(close(x, wanted, kRounding<TypeParam>));
      for (int64_t i = 0; i < rows * stride; ++i) {
        if (i % stride >= heads * head_dim) {
          ASSERT_EQ(x[i], before[i]) << "entry " << i << " belongs to no rotated head";
        }
      }
    }
  }
}

TYPED_TEST(Rope, GivesTheSameBitsInAnyOrder) {
  Buffer<float> cosine(this->random.normal(5 * 8)), sine(this->random.normal(5 * 8));
  const std::vector<double> values = this->random.normal(10 * 64);
  expect_same_bits([&] {
    Buffer<TypeParam> x(values);
    rope(kStream, x.data(), 64, 10, cosine.data(), sine.data(), 3, 16, 5, 0, 1.0F);
    return x.bytes();
  });
}

}  // namespace
}  // namespace cambium::ops::cuda
