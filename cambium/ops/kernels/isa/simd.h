#pragma once

// Vectors of the instruction set that a file is compiled for, and the numbers in them. Everything below isa/ lives in a
// namespace of its instruction set.

#include <cstddef>
#include <cstdint>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "cambium/ops/kernels/kernels.h"

#define CAMBIUM_NAMESPACE_BEGIN namespace cambium::ops::kernels::CAMBIUM_ISA {
#define CAMBIUM_NAMESPACE_END }

CAMBIUM_NAMESPACE_BEGIN

#if defined(__AVX512F__)
constexpr int kWidth = 16;
#else
constexpr int kWidth = 8;
#endif

using Floats = float __attribute__((vector_size(kWidth * 4)));
using Words = int32_t __attribute__((vector_size(kWidth * 4)));
using UnalignedFloats = float __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));
using UnalignedWords = int32_t __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

inline int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }
inline float max(float a, float b) { return a > b ? a : b; }

inline float as_float(uint32_t bits) { return __builtin_bit_cast(float, bits); }
inline uint32_t as_bits(float value) { return __builtin_bit_cast(uint32_t, value); }

[[gnu::always_inline]] inline float to_float(float value) { return value; }
[[gnu::always_inline]] inline float to_float(BFloat16 value) {
  return as_float(static_cast<uint32_t>(value.bits) << 16);
}

/// The bits of a float32 rounded to bfloat16, to nearest even, in the upper half; the lower half is rubbish. NaN stays
/// NaN only by luck of its payload: losses and norms, where NaN is looked for, are float32 throughout.
[[gnu::always_inline]] inline uint32_t rounded_bits(float value) {
  const uint32_t bits = as_bits(value);
  return bits + 0x7FFF + ((bits >> 16) & 1);
}

template <typename T>
T from_float(float value);
template <>
[[gnu::always_inline]] inline float from_float<float>(float value) {
  return value;
}
template <>
[[gnu::always_inline]] inline BFloat16 from_float<BFloat16>(float value) {
  return {static_cast<uint16_t>(rounded_bits(value) >> 16)};
}

/// exp for |r| up to ln(2) / 2, of a number or a vector.
template <typename Number>
[[gnu::always_inline]] inline Number exp_near_zero(Number r) {
  Number p = Number{} + 1.9875691500E-4F;
  p = p * r + 1.3981999507E-3F;
  p = p * r + 8.3334519073E-3F;
  p = p * r + 4.1665795894E-2F;
  p = p * r + 1.6666665459E-1F;
  p = p * r + 5.0000001201E-1F;
  return p * r * r + r + 1.0F;
}

/// exp to about 2 ulp by range reduction and a degree-6 polynomial; free of branches, so that loops over it vectorise.
/// Below -87 the result is the smallest normal number, not zero: callers never ask for masked entries.
[[gnu::always_inline]] inline float fast_exp(float x) {
  constexpr float kLog2E = 1.44269504088896341F, kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
  constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer
  x = x < -87.0F ? -87.0F : x;
  x = x > 88.0F ? 88.0F : x;
  const float n = (x * kLog2E + kRounder) - kRounder;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  return exp_near_zero(r) * as_float(static_cast<uint32_t>(static_cast<int32_t>(n) + 127) << 23);
}

/// exp of a vector, with the same accuracy and lower end. With AVX-512 it overflows to infinity.
#if defined(__AVX512F__)
inline Floats fast_exp(Floats x) {
  constexpr float kLog2EHigh = 1.44269502F, kLog2ELow = 1.925963e-8F;  // 2^(x log2 e), its exponent split off
  x = (Floats)_mm512_max_ps((__m512)(Floats{} - 87.0F), (__m512)x);    // NaN stays
  const __m512 n = _mm512_roundscale_ps((__m512)(x * kLog2EHigh), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const Floats r = (x * kLog2EHigh - (Floats)n) + x * kLog2ELow;
  Floats p = Floats{} + 1.54035304e-4F;  // ln(2)^k / k!
  p = p * r + 1.33335581e-3F;
  p = p * r + 9.61812911e-3F;
  p = p * r + 5.55041087e-2F;
  p = p * r + 2.40226507e-1F;
  p = p * r + 6.93147181e-1F;
  p = p * r + 1.0F;
  return (Floats)_mm512_scalef_ps((__m512)p, n);
}
#else
inline Floats fast_exp(Floats x) {
  const Floats low = Floats{} - 87.0F, high = Floats{} + 88.0F, rounder = Floats{} + 12582912.0F;
  x = x < low ? low : x;
  x = x > high ? high : x;
  const Floats n = (x * 1.44269504088896341F + rounder) - rounder;
  const Floats r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  return exp_near_zero(r) * (Floats)((__builtin_convertvector(n, Words) + 127) << 23);
}
#endif

inline Floats load(const float* from) { return *reinterpret_cast<const UnalignedFloats*>(from); }
inline void store(float* to, Floats value) { *reinterpret_cast<UnalignedFloats*>(to) = value; }
inline void store(BFloat16* to, Floats value) {
  using Halves = uint16_t __attribute__((vector_size(kWidth * 2)));
  using UnalignedHalves = uint16_t __attribute__((vector_size(kWidth * 2), aligned(2), may_alias));
#if defined(__AVX512BF16__)
  *reinterpret_cast<UnalignedHalves*>(to) = (Halves)_mm512_cvtneps_pbh((__m512)value);
#else
  const Words bits = (Words)value;
  const Words rounded = bits + 0x7FFF + ((bits >> 16) & 1);
  *reinterpret_cast<UnalignedHalves*>(to) = __builtin_convertvector((rounded >> 16) & 0xFFFF, Halves);
#endif
}

/// to = factor · from, entry by entry.
template <typename T>
inline void store_scaled(const float* from, int64_t count, float factor, T* to) {
  const int64_t whole = count / kWidth * kWidth;
  for (int64_t i = 0; i < whole; i += kWidth) {
    store(to + i, load(from + i) * factor);
  }
  for (int64_t i = whole; i < count; ++i) {
    to[i] = from_float<T>(from[i] * factor);
  }
}

/// first, first + 1, ...
inline Words counting_from(int64_t first) {
#if defined(__AVX512F__)
  constexpr Words kLanes{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#else
  constexpr Words kLanes{0, 1, 2, 3, 4, 5, 6, 7};
#endif
  return kLanes + static_cast<int32_t>(first);
}

inline float sum_of(Floats value) {
  float sum = 0;
  for (int i = 0; i < kWidth; ++i) {
    sum += value[i];
  }
  return sum;
}
inline float max_of(Floats value) {
  float top = value[0];
  for (int i = 1; i < kWidth; ++i) {
    top = max(top, value[i]);
  }
  return top;
}

CAMBIUM_NAMESPACE_END
