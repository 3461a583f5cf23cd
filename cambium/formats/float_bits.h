#pragma once

#include <bit>
#include <cstdint>

namespace cambium::formats {

static_assert(std::endian::native == std::endian::little, "files are little-endian and read as they lie");

// Tests and conversions of the 32- and 16-bit float formats, written without branches so that loops over them become
// vector code, and without subnormal float32 operands, so that they do not depend on the flush-to-zero mode.

inline bool float_is_finite(float value) {
  constexpr uint32_t kExponent = 0x7f800000u;
  return (std::bit_cast<uint32_t>(value) & kExponent) != kExponent;
}

inline float bfloat16_to_float(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

/// Exact for every finite half; infinities and NaN come out as large finite numbers: test `half_is_finite` first.
inline float half_to_float(uint16_t bits) {
  constexpr uint32_t kRebias = (127 - 15) << 23;
  constexpr uint32_t kSmallestNormal = (127 - 14) << 23;  // 2^-14
  const uint32_t magnitude = (bits & 0x7fffu) << 13;
  const float normal = std::bit_cast<float>(magnitude + kRebias);
  // 2^-14 * (1 + mantissa) - 2^-14 leaves the subnormal's value.
  const float subnormal = std::bit_cast<float>(magnitude + kSmallestNormal) - std::bit_cast<float>(kSmallestNormal);
  const uint32_t value = std::bit_cast<uint32_t>((bits & 0x7c00u) == 0 ? subnormal : normal);
  return std::bit_cast<float>(value | (bits & 0x8000u) << 16);
}

inline bool half_is_finite(uint16_t bits) { return (bits & 0x7c00u) != 0x7c00u; }

/// Rounds to nearest even. Finite values past the largest bfloat16 become infinity; NaN stays NaN.
inline uint16_t float_to_bfloat16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
  const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
  return static_cast<uint16_t>(is_nan ? bits >> 16 | 0x40u : rounded);
}

/// Rounds to nearest even. Values of 65520 and more become infinity; NaN stays NaN.
inline uint16_t float_to_half(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = bits >> 16 & 0x8000u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  uint32_t half = 0;
  if (magnitude > 0x7f800000u) {
    half = 0x7e00u;
  } else if (magnitude >= 0x477ff000u) {  // 65520 lies half way between the largest half and the next power of two
    half = 0x7c00u;
  } else if (magnitude >= 0x38800000u) {  // 2^-14
    half = (magnitude - (uint32_t{127 - 15} << 23) + 0xfffu + (magnitude >> 13 & 1u)) >> 13;
  } else {
    // In 0.5 + x the last mantissa bit weighs 2^-24, the step of subnormal halves: the addition does the rounding.
    half = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - std::bit_cast<uint32_t>(0.5f);
  }
  return static_cast<uint16_t>(sign | half);
}

}  // namespace cambium::formats
