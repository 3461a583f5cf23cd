#include <algorithm>

#include "cambium/ops/linear.h"
#include "cambium/ops/packed.h"

namespace cambium::ops {
namespace {

using namespace cpu;

void product(const char* op, const at::Tensor& a, const at::Tensor& matrix, Side side, at::Tensor& y) {
  dispatch(a.scalar_type(), op, [&]<typename T>(const TypedKernels<T>& kernel) {
    if (!packs({a})) {
      at::mm_out(y, a, side == Side::kColumns ? matrix.t() : matrix);
      return;
    }
    const Packed<T> b = pack(kernel, matrix, side, Slot::kPanels);
    for_blocks(a.size(0), kBlockRows, [&](int64_t begin, int64_t end) { multiply(kernel, a, b, y, begin, end); });
  });
}

}  // namespace

void linear(const at::Tensor& x, const at::Tensor& w, at::Tensor& y) { product("linear", x, w, Side::kColumns, y); }

void linear_input_grad(const at::Tensor& dy, const at::Tensor& w, at::Tensor& dx) {
  product("linear_input_grad", dy, w, Side::kRows, dx);
}

void linear_weight_grad(const at::Tensor& dy, const at::Tensor& x, at::Tensor& dw) {
  // Each thread takes whole rows of dw, in parts whose packed operands fit the second-level cache.
  constexpr int64_t kMostRows = 512, kMostColumns = 1024, kRowGrain = 24;  // a multiple of each kernel's tile
  const int64_t out = dw.size(0), in = dw.size(1), threads = at::get_num_threads();
  const int64_t rounds = (out + kMostRows * threads - 1) / (kMostRows * threads);
  const int64_t share = (out + threads * rounds - 1) / (threads * rounds);
  const int64_t rows = (share + kRowGrain - 1) / kRowGrain * kRowGrain, columns = std::min(in, kMostColumns);
  const int64_t row_parts = (out + rows - 1) / rows, column_parts = (in + columns - 1) / columns;
  dispatch(dy.scalar_type(), "linear_weight_grad", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_range(row_parts * column_parts, 1, [&](int64_t begin, int64_t end) {
      int32_t* words = scratch(Slot::kKernel, kernels::weight_grad_scratch<T>(rows, columns));
      for (int64_t part = begin; part < end; ++part) {
        const int64_t row = part / column_parts * rows, column = part % column_parts * columns;
        kernel.weight_grad({data<T>(dy) + row, dy.stride(0)}, std::min(rows, out - row),
                           {data<T>(x) + column, x.stride(0)}, std::min(columns, in - column), dy.size(0),
                           {mutable_data<float>(dw) + row * in + column, in}, words);
      }
    });
  });
}

}  // namespace cambium::ops
