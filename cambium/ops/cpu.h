#pragma once

// What the CPU kernels share: conversions, a vectorisable exp, dispatch over the compute type. Internal to ops.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <bit>
#include <cstdint>

#include "cambium/base/error.h"

namespace cambium::ops::cpu {

using BFloat16 = c10::BFloat16;

inline float to_float(float value) { return value; }
inline float to_float(BFloat16 value) { return std::bit_cast<float>(static_cast<uint32_t>(value.x) << 16); }

/// Rounds to nearest even. NaN stays NaN only by luck of its payload: losses and norms, where NaN is looked for, are
/// float32 throughout.
template <typename T>
T from_float(float value);
template <>
inline float from_float<float>(float value) {
  return value;
}
template <>
inline BFloat16 from_float<BFloat16>(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = bits + 0x7FFF + ((bits >> 16) & 1);
  return BFloat16(static_cast<uint16_t>(rounded >> 16), BFloat16::from_bits());
}

/// exp to about 2 ulp by range reduction and a degree-6 polynomial; free of branches, so that loops over it vectorise.
/// Below -87 the result is the smallest normal number, not zero: callers never ask for masked entries.
inline float fast_exp(float x) {
  constexpr float kLog2E = 1.44269504088896341F, kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
  constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer
  x = x < -87.0F ? -87.0F : x;
  x = x > 88.0F ? 88.0F : x;
  const float n = (x * kLog2E + kRounder) - kRounder;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  float p = 1.9875691500E-4F;
  p = p * r + 1.3981999507E-3F;
  p = p * r + 8.3334519073E-3F;
  p = p * r + 4.1665795894E-2F;
  p = p * r + 1.6666665459E-1F;
  p = p * r + 5.0000001201E-1F;
  p = p * r * r + r + 1.0F;
  const int32_t exponent = (static_cast<int32_t>(n) + 127) << 23;
  return p * std::bit_cast<float>(exponent);
}

/// Calls `kernel.template operator()<T>()` with T = float or BFloat16 after the tensor's type.
template <typename Kernel>
void dispatch(at::ScalarType type, const char* op, Kernel&& kernel) {
  if (type == at::kFloat) {
    kernel.template operator()<float>();
  } else if (type == at::kBFloat16) {
    kernel.template operator()<BFloat16>();
  } else {
    throw InvalidArgument(format("[{}] expected float32 or bfloat16, got {}", op, c10::toString(type)));
  }
}

/// Splits [0, count) over the threads. The split depends on the number of threads only, never on timing.
template <typename Body>
void for_range(int64_t count, int64_t grain, Body&& body) {
  at::parallel_for(0, count, grain, body);
}

}  // namespace cambium::ops::cpu
