#include "cambium/ops/cpu.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#define CAMBIUM_ISA isa_of_the_test
#include "cambium/ops/kernels/isa/exp.h"

namespace cambium::ops::cpu {
namespace {

using kernels::BFloat16;
using namespace kernels::isa_of_the_test;

TEST(FastExp, IsWithinTwoUnitsInTheLastPlaceOverItsRange) {
  double worst = 0;
  for (int i = 0; i <= 1'750'000; ++i) {
    const float x = -87.0F + 1e-4F * static_cast<float>(i);
    const double exact = std::exp(static_cast<double>(x));
    worst = std::max(worst, std::abs(fast_exp(x) - exact) / exact);
  }
  EXPECT_LT(worst, 2 * 0x1p-23);
}

TEST(FastExp, IsExactAtZeroAndStopsAtItsEnds) {
  EXPECT_EQ(fast_exp(0.0F), 1.0F);
  EXPECT_EQ(fast_exp(-0.0F), 1.0F);
  EXPECT_EQ(fast_exp(-88.0F), fast_exp(-87.0F));
  EXPECT_EQ(fast_exp(-std::numeric_limits<float>::infinity()), fast_exp(-87.0F));
  EXPECT_GE(fast_exp(-87.0F), std::numeric_limits<float>::min());
  EXPECT_EQ(fast_exp(1e30F), fast_exp(88.0F));
  EXPECT_TRUE(std::isfinite(fast_exp(88.0F)));
  EXPECT_TRUE(std::isnan(fast_exp(std::numeric_limits<float>::quiet_NaN())));
}

TEST(ShortExp, IsFarWithinTheRoundingOfBFloat16) {
  double worst = 0;
  for (float x = -86.9F; x < 87.9F; x += 1.7e-4F) {
    const double exact = std::exp(static_cast<double>(x));
    worst = std::max(worst, std::abs(short_exp(Floats{} + x)[0] - exact) / exact);
  }
  EXPECT_LT(worst, 1.5e-5);  // 3e-6, and the rounding of an exponent near 88 * log2(e)
  EXPECT_LT(short_exp(Floats{} - 1e4F)[0], 1e-37F);
  EXPECT_TRUE(std::isnan(short_exp(Floats{} + std::numeric_limits<float>::quiet_NaN())[0]));
}

TEST(Sigmoid, HoldsToItsEnds) {
  for (const float x : {-1e4F, -20.0F, -1.0F, 0.0F, 1.0F, 20.0F, 1e4F}) {
    const double exact = 1.0 / (1.0 + std::exp(static_cast<double>(-x)));
    EXPECT_NEAR(sigmoid_of<float>(Floats{} + x)[0], exact, 1e-6 * exact + 1e-37) << x;
    EXPECT_NEAR(sigmoid_of<BFloat16>(Floats{} + x)[0], exact, 1e-4 * exact + 1e-37) << x;
  }
}

TEST(FastExp, OfAVectorIsThatOfItsNumbers) {
  for (float x = -120.0F; x < 100.0F; x += 0.37F) {
    const Floats found = fast_exp(Floats{} + x);
    for (int lane = 0; lane < kWidth; ++lane) {
      ASSERT_NEAR(found[lane] / fast_exp(x), 1.0F, 2 * 0x1p-23) << x;
    }
  }
  EXPECT_TRUE(std::isnan(fast_exp(Floats{} + std::numeric_limits<float>::quiet_NaN())[0]));
}

TEST(BFloat16, IsRoundedAsTorchDoes) {
  for (uint64_t bits = 0; bits < uint64_t{1} << 32; bits += 10'007) {  // odd: every low half occurs
    const float value = std::bit_cast<float>(static_cast<uint32_t>(bits));
    if (!std::isnan(value)) {
      ASSERT_EQ(from_float<BFloat16>(value).bits, c10::BFloat16(value).x) << value;
    }
  }
  // Halfway cases go to the even neighbour.
  for (const uint32_t bits : {0x3F808000U, 0x3F818000U, 0xBF808000U, 0x7F7F8000U, 0x00008000U}) {
    const float value = std::bit_cast<float>(bits);
    EXPECT_EQ(from_float<BFloat16>(value).bits, c10::BFloat16(value).x) << value;
  }
}

TEST(BFloat16, KeepsTheNanThatArithmeticMakes) {
  volatile float infinity = std::numeric_limits<float>::infinity();
  for (const float nan : {infinity - infinity, std::numeric_limits<float>::quiet_NaN(), -infinity * 0.0F}) {
    EXPECT_TRUE(std::isnan(to_float(from_float<BFloat16>(nan))));
  }
}

TEST(Dispatch, RefusesOtherTypesByName) {
  try {
    dispatch(at::kHalf, "some_op", [](const auto&) {});
    FAIL() << "nothing was thrown";
  } catch (const InvalidArgument& error) {
    EXPECT_STREQ(error.what(), "[some_op] expected float32 or bfloat16, got Half");
  }
}

}  // namespace
}  // namespace cambium::ops::cpu
