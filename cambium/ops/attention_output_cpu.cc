#include "cambium/ops/attention_output.h"
#include "cambium/ops/linear.h"
#include "cambium/ops/packed.h"
#include "cambium/ops/residual.h"
#include "cambium/ops/rows.h"

namespace cambium::ops {

using namespace cpu;

void attention_output(const at::Tensor& attended, const at::Tensor& w, const at::Tensor& h, at::Tensor& branch,
                      at::Tensor& out) {
  linear_add(attended, w, h, branch, out);
}

void attention_output_backward(const at::Tensor& dh, const at::Tensor& attended, const at::Tensor& w,
                               at::Tensor& d_branch, at::Tensor& d_attended, at::Tensor& d_w) {
  if (!packs(Product::kInputGrad, {d_branch})) {
    cast(dh, d_branch);
    linear_input_grad(d_branch, w, d_attended);
  } else {
    dispatch(attended.scalar_type(), "attention_output_backward", [&]<typename T>(const TypedKernels<T>& kernel) {
      const Packed<T> packed = pack(kernel, w, Side::kRows, Slot::kPanels);
      for_blocks(dh.size(0), kBlockRows, [&](int64_t begin, int64_t end) {
        cast_rows(kernel, dh, d_branch, begin, end);
        multiply(kernel, d_branch, packed, d_attended, begin, end);
      });
    });
  }
  linear_weight_grad(d_branch, attended, d_w);
}

}  // namespace cambium::ops
