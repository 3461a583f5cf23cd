#pragma once

#include "cambium/ops/kernels/isa/pack.h"
#include "cambium/ops/kernels/isa/tile.h"

CAMBIUM_NAMESPACE_BEGIN

/// Products of blocks of rows with panels; `store(first row, rows, first column, columns, block)` takes each finished
/// block [rows, kPanelColumns] float32.
template <typename T, typename Store>
inline void multiply_blocks(Rows<const T> a, int64_t rows, int64_t depth, const int32_t* b, int64_t columns,
                            Store&& store) {
  alignas(64) float block[kBlockRows * kPanelColumns];
  const int64_t steps = words<T>(depth);
  for (int64_t first = 0; first < rows; first += kBlockRows) {
    const int64_t block_rows = min(kBlockRows, rows - first);
    const LeftWords left{reinterpret_cast<const int32_t*>(a.row(first)), a.stride / kPerWord<T>, 1};
    for (int64_t column = 0; column < columns; column += kPanelColumns) {
      for (int64_t row = 0; row < block_rows; row += kTileRows) {
        multiply_panel<T>(min(kTileRows, block_rows - row), left.from_row(row), b + column * steps, steps,
                          block + row * kPanelColumns, kPanelColumns, false);
      }
      store(first, block_rows, column, min(kPanelColumns, columns - column), block);
    }
  }
}

template <typename T>
void multiply(Rows<const T> a, int64_t rows, int64_t depth, const int32_t* b, int64_t columns, Rows<T> y) {
  multiply_blocks<T>(a, rows, depth, b, columns,
                     [&](int64_t first, int64_t count, int64_t column, int64_t width, const float* block) {
                       for (int64_t row = 0; row < count; ++row, block += kPanelColumns) {
                         store_scaled<T>(block, width, 1.0F, y.row(first + row) + column);
                       }
                     });
}

template <typename T>
void multiply_add(Rows<const T> a, int64_t rows, int64_t depth, const int32_t* b, int64_t columns, Rows<const float> h,
                  Rows<float> out, Rows<T> branch) {
  T rounded[kPanelColumns];
  multiply_blocks<T>(a, rows, depth, b, columns,
                     [&](int64_t first, int64_t count, int64_t column, int64_t width, const float* block) {
                       for (int64_t row = 0; row < count; ++row, block += kPanelColumns) {
                         T* product = branch.data == nullptr ? rounded : branch.row(first + row) + column;
                         const float* from = h.row(first + row) + column;
                         float* to = out.row(first + row) + column;
                         store_scaled<T>(block, width, 1.0F, product);
#pragma omp simd
                         for (int64_t c = 0; c < width; ++c) {
                           to[c] = from[c] + to_float(product[c]);
                         }
                       }
                     });
}

/// Both operands are packed a block of tokens at a time, words along the tokens; dw itself is added to in place.
template <typename T>
void weight_grad(Rows<const T> dy, int64_t out, Rows<const T> x, int64_t in, int64_t tokens, Rows<float> dw,
                 int32_t* scratch) {
  const int64_t left_words = (out + kTileRows - 1) / kTileRows * kTileRows * words<T>(kTokenBlock);
  int32_t* left = scratch;
  int32_t* right = scratch + left_words;
  for (int64_t first = 0; first < tokens; first += kTokenBlock) {
    const int64_t depth = min(kTokenBlock, tokens - first), steps = words<T>(depth);
    for (int64_t row = 0; row < out; row += kTileRows) {
      pack_words({dy.row(first) + row, dy.stride}, depth, min(kTileRows, out - row), kTileRows, left + row * steps);
    }
    pack_rows<T>({x.row(first), x.stride}, depth, in, 0, panels(in), right);
    for (int64_t column = 0; column < in; column += kPanelColumns) {
      const int64_t width = min(kPanelColumns, in - column);
      for (int64_t row = 0; row < out; row += kTileRows) {
        const int64_t rows = min(kTileRows, out - row);
        const LeftWords a{left + row * steps, 1, kTileRows};
        const int32_t* panel = right + column * steps;
        if (width == kPanelColumns) {
          multiply_panel<T>(rows, a, panel, steps, dw.row(row) + column, dw.stride, true);
          continue;
        }
        alignas(64) float edge[kTileRows * kPanelColumns];
        multiply_panel<T>(rows, a, panel, steps, edge, kPanelColumns, false);
        for (int64_t r = 0; r < rows; ++r) {
          for (int64_t c = 0; c < width; ++c) {
            dw.row(row + r)[column + c] += edge[r * kPanelColumns + c];
          }
        }
      }
    }
  }
}

CAMBIUM_NAMESPACE_END
