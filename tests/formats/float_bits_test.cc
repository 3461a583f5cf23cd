#include "cambium/formats/float_bits.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace cambium::formats {
namespace {

/// The value that IEEE 754 gives a finite half, straight from its fields.
double half_by_definition(uint16_t bits) {
  const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  const double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

TEST(Half, EveryFiniteValueIsExactBothWays) {
  for (uint32_t i = 0; i <= 0xffff; ++i) {
    const auto bits = static_cast<uint16_t>(i);
    EXPECT_EQ(half_is_finite(bits), (i >> 10 & 31) != 31);
    if (!half_is_finite(bits)) continue;
    const float value = half_to_float(bits);
    ASSERT_EQ(value, half_by_definition(bits)) << i;
    ASSERT_EQ(std::signbit(value), i >= 0x8000) << i;
    ASSERT_EQ(float_to_half(value), bits);
  }
}

TEST(Half, RoundsToNearestEvenEverywhere) {
  // Between neighbours: just below the middle, the middle (to the even one), just above.
  for (uint32_t i = 0; i < 0x7bff; ++i) {
    const double low = half_by_definition(static_cast<uint16_t>(i));
    const double high = half_by_definition(static_cast<uint16_t>(i + 1));
    const auto middle = static_cast<float>((low + high) / 2);  // exact in float32
    ASSERT_EQ(float_to_half(middle), i % 2 == 0 ? i : i + 1);
    ASSERT_EQ(float_to_half(std::nextafter(middle, 0.0f)), i);
    ASSERT_EQ(float_to_half(std::nextafter(middle, 1e9f)), i + 1);
    ASSERT_EQ(float_to_half(-middle), 0x8000u + (i % 2 == 0 ? i : i + 1));
  }
}

TEST(Half, SpecialValues) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(float_to_half(infinity), 0x7c00);
  EXPECT_EQ(float_to_half(-infinity), 0xfc00);
  EXPECT_EQ(float_to_half(65520.0f), 0x7c00);
  EXPECT_EQ(float_to_half(65519.996f), 0x7bff);
  EXPECT_EQ(float_to_half(std::numeric_limits<float>::quiet_NaN()) & 0x7fff, 0x7e00);
  EXPECT_EQ(float_to_half(std::numeric_limits<float>::denorm_min()), 0);
}

TEST(BFloat16, EveryValueSurvivesBothWays) {
  for (uint32_t i = 0; i <= 0xffff; ++i) {
    const auto bits = static_cast<uint16_t>(i);
    const float value = bfloat16_to_float(bits);
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(bfloat16_to_float(float_to_bfloat16(value))));
    } else {
      ASSERT_EQ(float_to_bfloat16(value), bits);
    }
  }
}

TEST(BFloat16, RoundsToNearestEven) {
  std::mt19937 random(3);
  for (int i = 0; i < 200'000; ++i) {
    const uint32_t bits = random() & 0x7f7f7fffu;  // finite, and finite after rounding up
    const auto value = std::bit_cast<float>(bits);
    const auto low = static_cast<uint16_t>(bits >> 16);
    const double below = value - static_cast<double>(bfloat16_to_float(low));
    const double above = static_cast<double>(bfloat16_to_float(static_cast<uint16_t>(low + 1))) - value;
    const bool up = above < below || (above == below && low % 2 == 1);
    ASSERT_EQ(float_to_bfloat16(value), low + (up ? 1 : 0)) << bits;
  }
  EXPECT_EQ(float_to_bfloat16(std::bit_cast<float>(0x3f808000u)), 0x3f80);  // ties
  EXPECT_EQ(float_to_bfloat16(std::bit_cast<float>(0x3f818000u)), 0x3f82);
}

}  // namespace
}  // namespace cambium::formats
