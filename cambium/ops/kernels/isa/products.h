#pragma once

#include "cambium/ops/kernels/isa/pack.h"
#include "cambium/ops/kernels/isa/row_kernels.h"
#include "cambium/ops/kernels/isa/tile.h"

CAMBIUM_NAMESPACE_BEGIN

/// Calls each(row, rows of the tile, column, left) for the tiles of a product of rows with panels: blocks of rows one
/// after the other, so that a panel meets all rows of a block.
template <typename T, typename Each>
[[gnu::always_inline]] inline void for_tiles(Rows<const T> a, int64_t rows, int64_t columns, Each&& each) {
  for (int64_t first = 0; first < rows; first += kBlockRows) {
    const int64_t last = min(first + kBlockRows, rows);
    for (int64_t column = 0; column < columns; column += kPanelColumns) {
      for (int64_t row = first; row < last; row += kTileRows) {
        const LeftWords left{reinterpret_cast<const int32_t*>(a.row(row)), a.stride / kPerWord<T>, 1};
        each(row, min(kTileRows, last - row), column, left);
      }
    }
  }
}

/// Products of rows with panels; `finish` takes the result in pieces: the first `width` of sums are at (row, column).
template <typename T, typename Finish>
inline void multiply_blocks(Rows<const T> a, int64_t rows, int64_t depth, const int32_t* b, int64_t columns,
                            Finish&& finish) {
  const int64_t steps = words<T>(depth);
  for_tiles<T>(a, rows, columns, [&](int64_t row, int64_t tile_rows, int64_t column, LeftWords left) CAMBIUM_INLINED {
    multiply_panel<T>(tile_rows, left, b + column * steps, steps, [&](int r, int64_t c, TileRow sums) CAMBIUM_INLINED {
      const int64_t width = columns - column - c;
      if (width > 0) {
        finish(row + r, column + c, min(width, kTileColumns), sums);
      }
    });
  });
}

/// sums, rounded to T, at `to`; only the first `width`.
template <typename T>
inline void store_row(TileRow sums, int64_t width, T* to) {
  if (width == kTileColumns) {
    store(to, sums.first, sums.second);
    return;
  }
  T rounded[kTileColumns];
  store(rounded, sums.first, sums.second);
  __builtin_memcpy(to, rounded, static_cast<size_t>(width) * sizeof(T));
}

template <typename T>
void multiply(Rows<const T> a, int64_t rows, int64_t depth, const int32_t* b, int64_t columns, Rows<T> y) {
  multiply_blocks<T>(a, rows, depth, b, columns,
                     [&](int64_t row, int64_t column, int64_t width, TileRow sums)
                         CAMBIUM_INLINED { store_row<T>(sums, width, y.row(row) + column); });
}

template <typename T>
void multiply_add(Rows<const T> a, int64_t rows, int64_t depth, const int32_t* b, int64_t columns, Rows<const float> h,
                  Rows<float> out, Rows<T> branch) {
  multiply_blocks<T>(a, rows, depth, b, columns,
                     [&](int64_t row, int64_t column, int64_t width, TileRow sums) CAMBIUM_INLINED {
                       T rounded[kTileColumns];
                       T* product = branch.data == nullptr ? rounded : branch.row(row) + column;
                       store_row<T>(sums, width, product);
                       const float* from = h.row(row) + column;
                       float* to = out.row(row) + column;
                       for_vectors(width, [&](int64_t c, auto lanes) {
                         store(to + c, load(from + c, lanes) + load(product + c, lanes), lanes);
                       });
                     });
}

template <typename T>
void multiply_swiglu(Rows<const T> a, int64_t rows, int64_t depth, const int32_t* b, int64_t f, Rows<T> gate_up,
                     Rows<T> y) {
  if (f % kPanelColumns != 0) {  // gates and their ups do not stand at the same place of their panels
    multiply<T>(a, rows, depth, b, 2 * f, gate_up);
    for (int64_t row = 0; row < rows; ++row) {
      swiglu<T>(gate_up.row(row), 1, f, y.row(row));
    }
    return;
  }
  const int64_t steps = words<T>(depth);
  for_tiles<T>(a, rows, f, [&](int64_t row, int64_t tile_rows, int64_t column, LeftWords left) CAMBIUM_INLINED {
    multiply_panel<T>(tile_rows, left, b + column * steps, steps, [&](int r, int64_t c, TileRow gates) CAMBIUM_INLINED {
      store(gate_up.row(row + r) + column + c, gates.first, gates.second);
    });
    multiply_panel<T>(tile_rows, left, b + (f + column) * steps, steps,
                      [&](int r, int64_t c, TileRow ups) CAMBIUM_INLINED {
                        const T* gate = gate_up.row(row + r) + column + c;
                        T* up = gate_up.row(row + r) + f + column + c;
                        store(up, ups.first, ups.second);
                        store(y.row(row + r) + column + c, swiglu_of<T>(load(gate), load(up)),
                              swiglu_of<T>(load(gate + kWidth), load(up + kWidth)));
                      });
  });
}

template <typename T>
void multiply_swiglu_backward(Rows<const T> a, int64_t rows, int64_t depth, const int32_t* b, int64_t f,
                              Rows<T> gate_up) {
  multiply_blocks<T>(a, rows, depth, b, f,
                     [&](int64_t row, int64_t column, int64_t width, TileRow sums) CAMBIUM_INLINED {
                       T rounded[kTileColumns];
                       store(rounded, sums.first, sums.second);
                       swiglu_backward_row<T>(rounded, width, gate_up.row(row) + column, gate_up.row(row) + f + column);
                     });
}

/// Walks over the cache lines of rows and brings them closer, some at a time.
template <typename T>
class Fetcher {
 public:
  Fetcher(Rows<const T> rows, int64_t count, int64_t columns) : rows_(rows), left_(count), columns_(columns) {}
  void fetch(int64_t lines) {
    for (; lines > 0 && left_ > 0; --lines) {
      __builtin_prefetch(rows_.data + column_, 0, 2);
      column_ += kLine;
      if (column_ >= columns_) {
        column_ = 0;
        rows_.data += rows_.stride;
        --left_;
      }
    }
  }
  /// How many to fetch each time, to be through after `times`.
  int64_t lines_each(int64_t times) const { return (left_ * ((columns_ + kLine - 1) / kLine) + times - 1) / times; }

 private:
  static constexpr int64_t kLine = 64 / sizeof(T);
  Rows<const T> rows_;
  int64_t left_, columns_, column_ = 0;
};

/// Brings the tile of `rows` x kPanelColumns closer that will be added to.
inline void fetch_tile(Rows<float> c, int64_t rows) {
  constexpr int64_t kLine = 16;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < kPanelColumns; column += kLine) {
      __builtin_prefetch(c.row(row) + column, 1, 3);
    }
  }
}

/// dw += left · x for a packed block of dy's columns and packed tokens; calls `between` once a tile.
template <typename T, typename Between>
inline void add_products(const int32_t* left, int64_t out, const int32_t* x, int64_t in, int64_t steps, Rows<float> dw,
                         Between&& between) {
  for (int64_t column = 0; column < in; column += kPanelColumns) {
    const int64_t width = min(kPanelColumns, in - column);
    const int32_t* panel = x + column * steps;
    for (int64_t row = 0; row < out; row += kTileRows) {
      const int64_t rows = min(kTileRows, out - row);
      const LeftWords a{left + row * steps, 1, kTileRows};
      const Rows<float> c{dw.row(row) + column, dw.stride};
      between();
      if (width == kPanelColumns) {
        fetch_tile(c, rows);
        multiply_panel<T>(rows, a, panel, steps, c.data, c.stride, true);
        continue;
      }
      alignas(64) float edge[kTileRows * kPanelColumns];
      multiply_panel<T>(rows, a, panel, steps, edge, kPanelColumns, false);
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t k = 0; k < width; ++k) {
          c.row(r)[k] += edge[r * kPanelColumns + k];
        }
      }
    }
  }
}

/// Both operands are packed a block of tokens at a time, words along the tokens, dy in groups of columns; while one is
/// multiplied, what is packed next comes closer. dw itself is added to in place.
template <typename T>
void weight_grad(Rows<const T> dy, int64_t out, Rows<const T> x, int64_t in, int64_t tokens, Rows<float> dw,
                 int32_t* scratch) {
  int32_t *const left = scratch, *const right = scratch + (kGradRows + kTileRows) * words<T>(kTokenBlock);
  for (int64_t first = 0; first < tokens; first += kTokenBlock) {
    const int64_t depth = min(kTokenBlock, tokens - first), steps = words<T>(depth), next = first + depth;
    const int64_t next_depth = min(kTokenBlock, tokens - next);
    pack_rows<T>({x.row(first), x.stride}, depth, in, 0, panels(in), right);
    Fetcher<T> next_x({x.row(next), x.stride}, next_depth, in);
    const int64_t x_lines = next_x.lines_each((out + kTileRows - 1) / kTileRows * panels(in));
    for (int64_t row = 0; row < out; row += kGradRows) {
      const int64_t rows = min(kGradRows, out - row), after = row + rows;
      pack_tiles<T>({dy.row(first) + row, dy.stride}, depth, rows, left);
      Fetcher<T> next_dy = after < out
                               ? Fetcher<T>({dy.row(first) + after, dy.stride}, depth, min(kGradRows, out - after))
                               : Fetcher<T>({dy.row(next), dy.stride}, next_depth, min(kGradRows, out));
      const int64_t dy_lines = next_dy.lines_each((rows + kTileRows - 1) / kTileRows * panels(in));
      add_products<T>(left, rows, right, in, steps, {dw.row(row), dw.stride}, [&] {
        next_dy.fetch(dy_lines);
        next_x.fetch(x_lines);
      });
    }
  }
}

CAMBIUM_NAMESPACE_END
