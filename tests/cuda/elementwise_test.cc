#include "tests/cuda/kernel_test.h"

namespace cambium::ops::cuda {
namespace {

template <typename T>
class Elementwise : public KernelTest<T> {};
TYPED_TEST_SUITE(Elementwise, Types);

constexpr int64_t kCounts[] = {1, 3, 4, 7, 256, 1023, 4096, 5001};

TYPED_TEST(Elementwise, ResidualAddAddsWhereverItsRowsStart) {
  for (const int64_t count : kCounts) {
    for (const int64_t offset : {0, 1, 2}) {
      SCOPED_TRACE(testing::Message() << count << " entries, offset " << offset);
      Buffer<float> h(this->random.normal(count)), out(count);
      Buffer<TypeParam> branch(this->random.normal(count), offset);
      std::vector<double> wanted(static_cast<size_t>(count));
      for (int64_t i = 0; i < count; ++i) {
        wanted[static_cast<size_t>(i)] = h[i] + branch[i];
      }
      residual_add(kStream, h.data(), branch.data(), count, out.data());
      EXPECT_TRUE(close(out, wanted, kRounding<float>));
      residual_add(kStream, h.data(), branch.data(), count, h.data());  // in place
      EXPECT_EQ(h.bytes(), out.bytes());
    }
  }
}

TYPED_TEST(Elementwise, CastRoundsToNearest) {
  for (const int64_t count : kCounts) {
    for (const int64_t offset : {0, 1}) {
      Buffer<float> x(this->random.normal(count), offset);
      Buffer<TypeParam> y(count), wanted(count);
      for (int64_t i = 0; i < count; ++i) {
        wanted.data()[i] = nearest<TypeParam>(x[i]);
      }
      cast(kStream, x.data(), count, y.data());
      EXPECT_EQ(y.bytes(), wanted.bytes());
      EXPECT_TRUE(y.guards_are_intact());
    }
  }
}

TEST(Cast, KeepsInfinityNanZeroesAndTies) {
  const float values[] = {INFINITY, -INFINITY, NAN, -NAN, 0.0F, -0.0F, 1.0F + 0x1p-8F, 1.0F + 3 * 0x1p-8F, 0x1.FFp127F};
  const uint16_t wanted[] = {0x7F80, 0xFF80, 0x7FFF, 0x7FFF, 0x0000, 0x8000, 0x3F80, 0x3F82, 0x7F80};
  constexpr int64_t kCount = std::size(values);
  Buffer<BFloat16> y(kCount);
  Buffer<float> x(kCount);
  std::copy_n(values, kCount, x.data());
  cast(kStream, x.data(), kCount, y.data());
  for (int64_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(y.data()[i].bits, wanted[i]) << values[i];
  }
}

TEST(Cast, OfNothingDoesNothing) {
  Buffer<BFloat16> y(0);
  cast<BFloat16>(kStream, nullptr, 0, y.data());
  EXPECT_TRUE(y.guards_are_intact());
}

}  // namespace
}  // namespace cambium::ops::cuda
