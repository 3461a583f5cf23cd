#pragma once

// Products with a right-hand side in panels (kernels/kernels.h). Internal to ops.

#include <initializer_list>

#include "cambium/ops/backend.h"
#include "cambium/ops/cpu.h"
#include "cambium/ops/products.h"

namespace cambium::ops::cpu {

/// How a matrix stands on the right-hand side b [depth, columns] of a product: its rows are b's columns (weights [out,
/// in] in y = x · wᵀ), or b's rows (the same weights in dx = dy · w).
enum class Side { kColumns, kRows };

template <typename T>
struct Packed {
  const int32_t* panels;
  int64_t depth, columns;
};

/// Packs `matrix` by all threads into scratch of the calling one: valid until `slot` is asked for again.
template <typename T>
Packed<T> pack(const TypedKernels<T>& kernel, const at::Tensor& matrix, Side side, Slot slot) {
  const bool by_columns = side == Side::kColumns;
  const int64_t depth = matrix.size(by_columns ? 1 : 0), columns = matrix.size(by_columns ? 0 : 1);
  int32_t* panels = scratch(slot, kernels::panel_words<T>(depth, columns));
  for_range(kernels::panels(columns), 1, [&](int64_t first, int64_t last) {
    (by_columns ? kernel.pack_columns : kernel.pack_rows)(rows_of<T>(matrix), depth, columns, first, last, panels);
  });
  return {panels, depth, columns};
}

/// y = a · b for rows [begin, end) of a, on the calling thread.
template <typename T>
void multiply(const TypedKernels<T>& kernel, const at::Tensor& a, const Packed<T>& b, const at::Tensor& y,
              int64_t begin, int64_t end) {
  kernel.multiply(rows_of<T>(a, begin), end - begin, b.depth, b.panels, b.columns, mutable_rows_of<T>(y, begin));
}

/// out = h + a · b for rows [begin, end); the product also into `branch` where that is defined.
template <typename T>
void multiply_add(const TypedKernels<T>& kernel, const at::Tensor& a, const Packed<T>& b, const at::Tensor& h,
                  const at::Tensor& branch, const at::Tensor& out, int64_t begin, int64_t end) {
  kernel.multiply_add(rows_of<T>(a, begin), end - begin, b.depth, b.panels, b.columns, rows_of<float>(h, begin),
                      mutable_rows_of<float>(out, begin),
                      branch.defined() ? mutable_rows_of<T>(branch, begin) : Rows<T>{nullptr, 0});
}

/// Whether products with the rows of these matrices on the left are ours: in words (two bfloat16 side by side are one),
/// and of enough rows that packing the other side pays; else ATen's take over.
/// No tensor of another device packs.
inline bool packs(Product kind, std::initializer_list<at::Tensor> left_sides) {
  constexpr int64_t kFewRows = 32;
  return std::all_of(left_sides.begin(), left_sides.end(), [kind](const at::Tensor& a) {
    const int64_t per_word = a.scalar_type() == at::kFloat ? 1 : 2;
    return backend_of(a) == nullptr && a.size(0) >= kFewRows && a.stride(1) == 1 && a.stride(0) % per_word == 0 &&
           a.size(1) % per_word == 0 && own_products(kind, a.scalar_type());
  });
}

/// Blocks of rows that pass through several kernels while they are in the second-level cache; body(begin, end).
template <typename Body>
void for_blocks(int64_t rows, int64_t block, Body&& body) {
  for_range(rows, block, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row += block) {
      body(row, std::min(row + block, end));
    }
  });
}

}  // namespace cambium::ops::cpu
