#include "cambium/ops/linear_cpu.h"

#include <algorithm>

#include "cambium/ops/linear.h"
#include "cambium/ops/residual.h"

namespace cambium::ops {
namespace {

using namespace cpu;

int64_t parts_of(int64_t count, int64_t size) { return (count + size - 1) / size; }
int64_t share_of(int64_t count, int64_t parts, int64_t grain) {
  return parts_of(parts_of(count, parts), grain) * grain;
}

/// How a weight gradient [out, in] is split over threads: parts of `rows` x `columns`.
struct Grid {
  int64_t rows, columns;
};
/// The split with the least to pack: a part needs its columns of dy, one for each of its rows, and of x.
Grid split(int64_t out, int64_t in, int64_t threads) {
  constexpr int64_t kRowGrain = 8, kMostColumns = 1024;  // packed, these many columns fit the second-level cache
  Grid best{};
  for (int64_t across = 1; across <= threads; ++across) {
    if (threads % across != 0) {
      continue;
    }
    const Grid grid{.rows = share_of(out, threads / across, kRowGrain),
                    .columns = share_of(in, across, kernels::kPanelColumns)};
    if (best.rows == 0 || grid.rows + grid.columns < best.rows + best.columns) {
      best = grid;
    }
  }
  return {.rows = best.rows, .columns = std::min(best.columns, kMostColumns)};
}

}  // namespace

namespace cpu {

void product_by_kernels(const at::Tensor& a, const at::Tensor& matrix, Side side, at::Tensor& y) {
  dispatch(a.scalar_type(), "linear", [&]<typename T>(const TypedKernels<T>& kernel) {
    const Packed<T> b = pack(kernel, matrix, side, Slot::kPanels);
    for_blocks(a.size(0), kBlockRows, [&](int64_t begin, int64_t end) { multiply(kernel, a, b, y, begin, end); });
  });
}

void product_by_library(const at::Tensor& a, const at::Tensor& matrix, Side side, at::Tensor& y) {
  at::mm_out(y, a, side == Side::kColumns ? matrix.t() : matrix);
}

void weight_grad_by_kernels(const at::Tensor& dy, const at::Tensor& x, at::Tensor& dw) {
  const Grid parts = split(dw.size(0), dw.size(1), at::get_num_threads());
  const int64_t out = dw.size(0), in = dw.size(1), column_parts = parts_of(in, parts.columns);
  dispatch(dy.scalar_type(), "linear_weight_grad", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_range(parts_of(out, parts.rows) * column_parts, 1, [&](int64_t begin, int64_t end) {
      int32_t* words = scratch(Slot::kKernel, kernels::weight_grad_scratch<T>(parts.columns));
      for (int64_t part = begin; part < end; ++part) {
        const int64_t row = part / column_parts * parts.rows, column = part % column_parts * parts.columns;
        kernel.weight_grad({data<T>(dy) + row, dy.stride(0)}, std::min(parts.rows, out - row),
                           {data<T>(x) + column, x.stride(0)}, std::min(parts.columns, in - column), dy.size(0),
                           {mutable_data<float>(dw) + row * in + column, in}, words);
      }
    });
  });
}

void weight_grad_by_library(const at::Tensor& dy, const at::Tensor& x, at::Tensor& dw) {
  if (dy.scalar_type() == at::kFloat) {
    dw.addmm_(dy.t(), x);
  } else {
    dw.add_(at::mm(dy.t(), x));
  }
}

}  // namespace cpu

namespace {

void product(Product kind, const at::Tensor& a, const at::Tensor& matrix, Side side, at::Tensor& y) {
  (packs(kind, {a}) ? product_by_kernels : product_by_library)(a, matrix, side, y);
}

}  // namespace

void linear(const at::Tensor& x, const at::Tensor& w, at::Tensor& y) {
  if (Backend* device = backend_of(x)) {
    device->linear(x, w, y);
    return;
  }
  product(Product::kForward, x, w, Side::kColumns, y);
}

void linear_add(const at::Tensor& x, const at::Tensor& w, const at::Tensor& h, at::Tensor& branch, at::Tensor& out) {
  if (Backend* device = backend_of(x)) {
    device->linear_add(x, w, h, branch, out);
    return;
  }
  if (!packs(Product::kForward, {x})) {
    at::Tensor y = branch.defined() ? branch : at::empty({x.size(0), w.size(0)}, x.scalar_type());
    linear(x, w, y);
    residual_add(h, y, out);
    return;
  }
  dispatch(x.scalar_type(), "linear_add", [&]<typename T>(const TypedKernels<T>& kernel) {
    const Packed<T> packed = pack(kernel, w, Side::kColumns, Slot::kPanels);
    for_blocks(h.size(0), kBlockRows,
               [&](int64_t begin, int64_t end) { multiply_add(kernel, x, packed, h, branch, out, begin, end); });
  });
}

void linear_input_grad(const at::Tensor& dy, const at::Tensor& w, at::Tensor& dx) {
  if (Backend* device = backend_of(dy)) {
    device->linear_input_grad(dy, w, dx);
    return;
  }
  product(Product::kInputGrad, dy, w, Side::kRows, dx);
}

void linear_weight_grad(const at::Tensor& dy, const at::Tensor& x, at::Tensor& dw) {
  if (Backend* device = backend_of(dy)) {
    device->linear_weight_grad(dy, x, dw);
    return;
  }
  const bool ours = own_products(Product::kWeightGrad, dy.scalar_type());
  (ours ? weight_grad_by_kernels : weight_grad_by_library)(dy, x, dw);
}

}  // namespace cambium::ops
