#pragma once

// exp and the sigmoid, of numbers and of vectors, as exact as the type needs that the results are rounded to.

#include "cambium/ops/kernels/isa/simd.h"

CAMBIUM_NAMESPACE_BEGIN

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

constexpr float kLog2E = 1.44269504088896341F;
constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer

/// exp to about 2 ulp by range reduction and a degree-6 polynomial. Below -87 the result is the smallest normal number,
/// not zero: callers never ask for masked entries.
[[gnu::always_inline]] inline float fast_exp(float x) {
  constexpr float kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
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
  const Floats low = Floats{} - 87.0F, high = Floats{} + 88.0F, rounder = Floats{} + kRounder;
  x = x < low ? low : x;
  x = x > high ? high : x;
  const Floats n = (x * kLog2E + rounder) - rounder;
  const Floats r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  return exp_near_zero(r) * (Floats)((__builtin_convertvector(n, Words) + 127) << 23);
}
#endif

/// exp with a relative error of 4e-6 (the degree-4 polynomial closest to 2^f that is exact at 0): enough where the
/// result is rounded to bfloat16, whose own is up to 4e-3. Below -87 it is as good as zero.
inline Floats short_exp(Floats x) {
#if defined(__AVX512F__)
  const __m512 t = (__m512)(x * kLog2E);
  const Floats f = (Floats)_mm512_reduce_ps(t, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);  // t - ⌊t⌋
  Floats p = Floats{} + 1.342669532e-02F;
  p = p * f + 5.224245258e-02F;
  p = p * f + 2.412802176e-01F;
  p = p * f + 6.930448427e-01F;
  p = p * f + 1.0F;
  return (Floats)_mm512_scalef_ps((__m512)p, t);  // p * 2^⌊t⌋
#else
  const Floats low = Floats{} - 87.0F, high = Floats{} + 88.0F;
  x = x < low ? low : x;
  x = x > high ? high : x;
  const Floats rounded = x * kLog2E + kRounder;  // its lowest bits hold the integer
  const Floats f = x * kLog2E - (rounded - kRounder);
  Floats p = Floats{} + 9.782913623e-03F;
  p = p * f + 5.597688486e-02F;
  p = p * f + 2.402071106e-01F;
  p = p * f + 6.931136042e-01F;
  p = p * f + 1.0F;
  return (Floats)((Words)p + ((Words)rounded << 23));
#endif
}

/// exp for results of type T.
template <typename T>
Floats exp_of(Floats x);
template <>
inline Floats exp_of<float>(Floats x) {
  return fast_exp(x);
}
template <>
inline Floats exp_of<BFloat16>(Floats x) {
  return short_exp(x);
}

/// 1 / (1 + exp(-x)) for results of type T.
template <typename T>
inline Floats sigmoid_of(Floats x) {
  const Floats divisor = exp_of<T>(-x) + 1.0F;
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == sizeof(BFloat16)) {
    return (Floats)_mm512_rcp14_ps((__m512)divisor);
  }
#endif
  return 1.0F / divisor;
}

CAMBIUM_NAMESPACE_END
