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
/// For lambdas that take vectors: a call would put all sums of a tile into memory.
#define CAMBIUM_INLINED __attribute__((always_inline))

CAMBIUM_NAMESPACE_BEGIN

#if defined(__AVX512F__)
constexpr int kWidth = 16;
#else
constexpr int kWidth = 8;
#endif

/// A tile has as many rows as registers hold: 8 x 2 vectors of 32 registers, or 6 x 2 of 16.
constexpr int kTileRows = kWidth == 16 ? 8 : 6;

using Floats = float __attribute__((vector_size(kWidth * 4)));
using Words = int32_t __attribute__((vector_size(kWidth * 4)));
// Vectors that may lie anywhere, among entries of any type. Clang takes an alignment in a typedef only.
// NOLINTBEGIN(modernize-use-using)
typedef float UnalignedFloats __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));
typedef int32_t UnalignedWords __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));
typedef uint16_t UnalignedHalves __attribute__((vector_size(kWidth * 2), aligned(2), may_alias));
typedef float UnalignedHalfVector __attribute__((vector_size(kWidth * 2), aligned(4), may_alias));
// NOLINTEND(modernize-use-using)

constexpr int kDoubles = kWidth / 2;
using Doubles = double __attribute__((vector_size(kDoubles * 8)));

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

using Halves = uint16_t __attribute__((vector_size(kWidth * 2)));

inline Floats load(const float* from) { return *reinterpret_cast<const UnalignedFloats*>(from); }
/// The bits of bfloat16 entries, each in the lower half of a word.
inline Words load_bits(const BFloat16* from) {
  return __builtin_convertvector(*reinterpret_cast<const UnalignedHalves*>(from), Words);
}
inline Floats load(const BFloat16* from) { return (Floats)(load_bits(from) << 16); }
inline void store_words(int32_t* to, Words value) { *reinterpret_cast<UnalignedWords*>(to) = value; }
inline Doubles load_doubles(const float* from) {
  return __builtin_convertvector(*reinterpret_cast<const UnalignedHalfVector*>(from), Doubles);
}
inline void store(float* to, Floats value) { *reinterpret_cast<UnalignedFloats*>(to) = value; }
inline void store(BFloat16* to, Floats value) {
#if defined(__AVX512BF16__)
  *reinterpret_cast<UnalignedHalves*>(to) = (Halves)_mm512_cvtneps_pbh((__m512)value);
#else
  const Words bits = (Words)value;
  const Words rounded = bits + 0x7FFF + ((bits >> 16) & 1);
  *reinterpret_cast<UnalignedHalves*>(to) = __builtin_convertvector((rounded >> 16) & 0xFFFF, Halves);
#endif
}

/// Two vectors side by side.
template <typename T>
inline void store(T* to, Floats first, Floats second) {
  store(to, first);
  store(to + kWidth, second);
}
#if defined(__AVX512BF16__)
inline void store(BFloat16* to, Floats first, Floats second) {
  const auto both = (__m512i)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first);
  _mm512_storeu_si512(to, both);
}
#endif

/// How many entries of a vector count: all, or the first `lanes` of it.
struct Whole {};
template <typename T>
inline Floats load(const T* from, Whole /*lanes*/) {
  return load(from);
}
template <typename T>
inline Floats load(const T* from, int64_t lanes) {
  T part[kWidth]{};
  __builtin_memcpy(part, from, static_cast<size_t>(lanes) * sizeof(T));
  return load(part);
}
template <typename T>
inline void store(T* to, Floats value, Whole /*lanes*/) {
  store(to, value);
}
template <typename T>
inline void store(T* to, Floats value, int64_t lanes) {
  T part[kWidth];
  store(part, value);
  __builtin_memcpy(to, part, static_cast<size_t>(lanes) * sizeof(T));
}
/// Calls body(first entry, lanes) for the vectors of a row; the last may be a part of one.
template <typename Body>
[[gnu::always_inline]] inline void for_vectors(int64_t count, Body&& body) {
  const int64_t whole = count / kWidth * kWidth;
  for (int64_t i = 0; i < whole; i += kWidth) {
    body(i, Whole{});
  }
  if (whole < count) {
    body(whole, count - whole);
  }
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

/// The larger of each two entries; NaN where b is.
inline Floats larger(Floats a, Floats b) {
#if defined(__AVX512F__)
  return (Floats)_mm512_max_ps((__m512)a, (__m512)b);
#else
  return a > b ? a : b;
#endif
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
