#pragma once

// The heart of every product: a tile of the result in registers.

#include "cambium/ops/kernels/isa/simd.h"

CAMBIUM_NAMESPACE_BEGIN

constexpr int kTileVectors = 2;
constexpr int kTileColumns = kTileVectors * kWidth;
/// Sums of one row of a tile, by value: an array whose address is passed on would not stay in registers.
struct TileRow {
  Floats first, second;
};

/// acc + the product of what two words hold, entry by entry.
template <typename T>
Floats multiply_words(Floats acc, Words a, Words b);
template <>
inline Floats multiply_words<float>(Floats acc, Words a, Words b) {
  return acc + (Floats)a * (Floats)b;
}
template <>
inline Floats multiply_words<BFloat16>(Floats acc, Words a, Words b) {
#if defined(__AVX512BF16__)
  return (Floats)_mm512_dpbf16_ps((__m512)acc, (__m512bh)a, (__m512bh)b);
#else
  const Words upper = Words{} + static_cast<int32_t>(0xFFFF0000);
  acc += (Floats)(a << 16) * (Floats)(b << 16);
  return acc + (Floats)(a & upper) * (Floats)(b & upper);
#endif
}

/// The left-hand side of a product: word s of row r at data[r * row + s * step].
struct LeftWords {
  const int32_t* data;
  int64_t row, step;
  LeftWords from_row(int64_t r) const { return {data + r * row, row, step}; }
  LeftWords from_step(int64_t s) const { return {data + s * step, row, step}; }
};

/// a [kRows, steps] · b [steps, kTileColumns], b's rows kPanelColumns apart; finish(row, sums) takes each row of it.
template <typename T, int kRows, typename Finish>
inline void multiply_tile(LeftWords a, const int32_t* b, int64_t steps, Finish&& finish) {
  Floats acc[kRows][kTileVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kTileVectors; ++v) {
      acc[r][v] = Floats{};
    }
  }
  for (int64_t s = 0; s < steps; ++s) {
    Words right[kTileVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kTileVectors; ++v) {
      right[v] = *reinterpret_cast<const UnalignedWords*>(b + v * kWidth);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Words left = Words{} + a.data[r * a.row];
#pragma GCC unroll 2
      for (int v = 0; v < kTileVectors; ++v) {
        acc[r][v] = multiply_words<T>(acc[r][v], left, right[v]);
      }
    }
    a.data += a.step;
    b += kPanelColumns;
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    finish(r, TileRow{acc[r][0], acc[r][1]});
  }
}

template <typename T, int kRows, typename Finish>
inline void multiply_panel_of(LeftWords a, const int32_t* panel, int64_t steps, Finish&& finish) {
  for (int64_t column = 0; column < kPanelColumns; column += kTileColumns) {
    multiply_tile<T, kRows>(a, panel + column, steps,
                            [&](int row, TileRow sums) CAMBIUM_INLINED { finish(row, column, sums); });
  }
}

/// a [rows, steps] · panel [steps, kPanelColumns], rows at most kTileRows; finish(row, column, sums) takes the result
/// in pieces of kTileColumns.
template <typename T, typename Finish>
inline void multiply_panel(int64_t rows, LeftWords a, const int32_t* panel, int64_t steps, Finish&& finish) {
  switch (rows) {
    case 1:
      return multiply_panel_of<T, 1>(a, panel, steps, finish);
    case 2:
      return multiply_panel_of<T, 2>(a, panel, steps, finish);
    case 3:
      return multiply_panel_of<T, 3>(a, panel, steps, finish);
    case 4:
      return multiply_panel_of<T, 4>(a, panel, steps, finish);
    case 5:
      return multiply_panel_of<T, 5>(a, panel, steps, finish);
    case 6:
      return multiply_panel_of<T, 6>(a, panel, steps, finish);
#if defined(__AVX512F__)
    case 7:
      return multiply_panel_of<T, 7>(a, panel, steps, finish);
    case 8:
      return multiply_panel_of<T, 8>(a, panel, steps, finish);
#endif
    default:
      return;
  }
}

/// c [rows, kPanelColumns] = (add: +=) a [rows, steps] · panel [steps, kPanelColumns].
template <typename T>
inline void multiply_panel(int64_t rows, LeftWords a, const int32_t* panel, int64_t steps, float* c, int64_t c_stride,
                           bool add) {
  multiply_panel<T>(rows, a, panel, steps, [&](int row, int64_t column, TileRow sums) CAMBIUM_INLINED {
    float* to = c + row * c_stride + column;
    store(to, add ? load(to) + sums.first : sums.first);
    store(to + kWidth, add ? load(to + kWidth) + sums.second : sums.second);
  });
}

CAMBIUM_NAMESPACE_END
