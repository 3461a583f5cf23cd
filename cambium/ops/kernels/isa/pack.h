#pragma once

// Right-hand sides of products, put into panels.

#include "cambium/ops/kernels/isa/simd.h"

CAMBIUM_NAMESPACE_BEGIN

inline int32_t word(float value) { return __builtin_bit_cast(int32_t, value); }
inline int32_t word(BFloat16 low, BFloat16 high) {
  return static_cast<int32_t>(static_cast<uint32_t>(high.bits) << 16 | low.bits);
}

/// Word s of a row whose entries lie side by side.
inline int32_t load_word(const float* row, int64_t s, int64_t /*depth*/) { return word(row[s]); }
inline int32_t load_word(const BFloat16* row, int64_t s, int64_t depth) {
  return word(row[2 * s], 2 * s + 1 < depth ? row[2 * s + 1] : BFloat16{0});
}

/// A panel of b from its columns: entry (k, c) at columns[c][k].
template <typename T>
inline void pack_panel_columns(Rows<const T> columns, int64_t depth, int64_t count, int32_t* to) {
  constexpr int64_t kBlock = 16;  // words of a cache line
  const int64_t whole = depth / kPerWord<T>;
  for (int64_t first = 0; first < whole; first += kBlock) {
    const int64_t last = min(first + kBlock, whole);
    for (int64_t c = 0; c < count; ++c) {
      const T* column = columns.row(c);
      for (int64_t s = first; s < last; ++s) {
        __builtin_memcpy(to + s * kPanelColumns + c, column + s * kPerWord<T>, sizeof(int32_t));
      }
    }
    for (int64_t s = first; s < last; ++s) {
      for (int64_t c = count; c < kPanelColumns; ++c) {
        to[s * kPanelColumns + c] = 0;
      }
    }
  }
  if (whole < words<T>(depth)) {
    for (int64_t c = 0; c < kPanelColumns; ++c) {
      to[whole * kPanelColumns + c] = c < count ? load_word(columns.row(c), whole, depth) : 0;
    }
  }
}

/// `width` columns from the rows of b, at most one panel: word (s, c) at to[s * width + c].
inline void pack_words(Rows<const float> rows, int64_t depth, int64_t count, int64_t width, int32_t* to) {
  for (int64_t s = 0; s < depth; ++s, to += width) {
    const float* row = rows.row(s);
    for (int64_t c = 0; c < count; ++c) {
      to[c] = word(row[c]);
    }
    for (int64_t c = count; c < width; ++c) {
      to[c] = 0;
    }
  }
}
inline void pack_words(Rows<const BFloat16> rows, int64_t depth, int64_t count, int64_t width, int32_t* to) {
  for (int64_t k = 0; k < depth; k += 2, to += width) {
    const BFloat16* low = rows.row(k);
    if (k + 1 < depth) {
      const BFloat16* high = rows.row(k + 1);
#pragma omp simd
      for (int64_t c = 0; c < count; ++c) {
        to[c] = word(low[c], high[c]);
      }
    } else {
      for (int64_t c = 0; c < count; ++c) {
        to[c] = word(low[c], BFloat16{0});
      }
    }
    for (int64_t c = count; c < width; ++c) {
      to[c] = 0;
    }
  }
}

/// The words of kWidth columns at step s: entries that lie kPerWord rows after each other.
inline Words column_words(Rows<const float> rows, int64_t s, int64_t /*depth*/, int64_t column) {
  return (Words)load(rows.row(s) + column);
}
inline Words column_words(Rows<const BFloat16> rows, int64_t s, int64_t depth, int64_t column) {
  const Words low = load_bits(rows.row(2 * s) + column);
  return 2 * s + 1 < depth ? low | load_bits(rows.row(2 * s + 1) + column) << 16 : low;
}

/// Left-hand sides of a product along the rows: tiles of kTileRows columns, [tiles][words of depth][kTileRows].
template <typename T>
inline void pack_tiles(Rows<const T> from, int64_t depth, int64_t count, int32_t* to) {
  const int64_t steps = words<T>(depth);
  int64_t column = 0;
#if defined(__AVX512F__)
  // A cache line of bfloat16 at a time, which four tiles share.
  typedef int32_t Tile
      __attribute__((vector_size(kTileRows * 4), aligned(4), may_alias));  // NOLINT(modernize-use-using)
  constexpr int64_t kTiles = 4, kColumns = kTiles * kTileRows;
  for (; column + kColumns <= count; column += kColumns) {
    int32_t* tile = to + column * steps;
    for (int64_t s = 0; s < steps; ++s, tile += kTileRows) {
#pragma GCC unroll 2
      for (int64_t half = 0; half < kTiles / 2; ++half) {
        const __m512i both = (__m512i)column_words(from, s, depth, column + half * kWidth);
        *reinterpret_cast<Tile*>(tile + 2 * half * kTileRows * steps) = (Tile)_mm512_castsi512_si256(both);
        *reinterpret_cast<Tile*>(tile + (2 * half + 1) * kTileRows * steps) = (Tile)_mm512_extracti64x4_epi64(both, 1);
      }
    }
  }
#endif
  for (; column < count; column += kTileRows) {
    pack_words({from.data + column, from.stride}, depth, min(kTileRows, count - column), kTileRows,
               to + column * steps);
  }
}

/// Panels of b from its columns, or from its rows.
template <typename T>
void pack_columns(Rows<const T> from, int64_t depth, int64_t columns, int64_t first, int64_t last, int32_t* to) {
  for (int64_t panel = first; panel < last; ++panel) {
    const int64_t column = panel * kPanelColumns;
    pack_panel_columns<T>({from.row(column), from.stride}, depth, min(kPanelColumns, columns - column),
                          to + column * words<T>(depth));
  }
}
/// Whole panels [first, last) from the rows of b, read along the rows.
template <typename T>
inline void pack_whole_panels(Rows<const T> from, int64_t depth, int64_t first, int64_t last, int32_t* to) {
  const int64_t steps = words<T>(depth);
  for (int64_t s = 0; s < steps; ++s) {
    for (int64_t panel = first; panel < last; ++panel) {
      int32_t* words_of_step = to + (panel * steps + s) * kPanelColumns;
      for (int64_t c = 0; c < kPanelColumns; c += kWidth) {
        store_words(words_of_step + c, column_words(from, s, depth, panel * kPanelColumns + c));
      }
    }
  }
}
template <typename T>
void pack_rows(Rows<const T> from, int64_t depth, int64_t columns, int64_t first, int64_t last, int32_t* to) {
  constexpr int64_t kPanels = 4;  // at a time: as many streams of stores
  const int64_t whole = max(first, min(last, columns / kPanelColumns));
  for (int64_t panel = first; panel < whole; panel += kPanels) {
    pack_whole_panels(from, depth, panel, min(panel + kPanels, whole), to);
  }
  for (int64_t panel = whole; panel < last; ++panel) {
    const int64_t column = panel * kPanelColumns;
    pack_words({from.data + column, from.stride}, depth, min(kPanelColumns, columns - column), kPanelColumns,
               to + column * words<T>(depth));
  }
}

CAMBIUM_NAMESPACE_END
