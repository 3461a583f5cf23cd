#include "cambium/ops/linear.h"
#include "cambium/ops/mlp.h"
#include "cambium/ops/packed.h"
#include "cambium/ops/residual.h"
#include "cambium/ops/rms_norm.h"
#include "cambium/ops/rows.h"
#include "cambium/ops/swiglu.h"

namespace cambium::ops {

using namespace cpu;

void mlp(const MlpWeights& weights, const MlpNorm& norm, const at::Tensor& h, MlpState& state, at::Tensor& branch,
         at::Tensor& out) {
  if (!packs(Product::kForward, {state.normed, state.activated})) {
    rms_norm(h, weights.norm, norm.eps, norm.scale, state.normed, state.inv_rms);
    linear(state.normed, weights.gate_up, state.gate_up);
    swiglu(state.gate_up, state.activated);
    linear_add(state.activated, weights.down, h, branch, out);
    return;
  }
  dispatch(state.normed.scalar_type(), "mlp", [&]<typename T>(const TypedKernels<T>& kernel) {
    const Packed<T> gate_up = pack(kernel, weights.gate_up, Side::kColumns, Slot::kPanels);
    const Packed<T> down = pack(kernel, weights.down, Side::kColumns, Slot::kMorePanels);
    for_blocks(h.size(0), kBlockRows, [&](int64_t begin, int64_t end) {
      norm_rows(kernel, h, weights.norm, norm.eps, norm.scale, state.normed, state.inv_rms, begin, end);
      kernel.multiply_swiglu(rows_of<T>(state.normed, begin), end - begin, gate_up.depth, gate_up.panels, down.depth,
                             mutable_rows_of<T>(state.gate_up, begin), mutable_rows_of<T>(state.activated, begin));
      multiply_add(kernel, state.activated, down, h, branch, out, begin, end);
    });
  });
}

void mlp_backward(const MlpWeights& weights, const MlpNorm& norm, const at::Tensor& h, MlpState& state,
                  MlpScratch& scratch, at::Tensor& dh, MlpWeights& gradients) {
  if (!packs(Product::kInputGrad, {scratch.d_branch, state.gate_up})) {
    cast(dh, scratch.d_branch);
    linear_input_grad(scratch.d_branch, weights.down, scratch.d_activated);
    swiglu_backward(scratch.d_activated, state.gate_up);
    linear_input_grad(state.gate_up, weights.gate_up, scratch.d_normed);
    rms_norm_backward(scratch.d_normed, h, weights.norm, state.inv_rms, norm.scale, dh, gradients.norm);
  } else {
    dispatch(state.normed.scalar_type(), "mlp_backward", [&]<typename T>(const TypedKernels<T>& kernel) {
      const Packed<T> down = pack(kernel, weights.down, Side::kRows, Slot::kPanels);
      const Packed<T> gate_up = pack(kernel, weights.gate_up, Side::kRows, Slot::kMorePanels);
      RowSums norm_sums(h.size(1));
      for_blocks(h.size(0), kBlockRows, [&](int64_t begin, int64_t end) {
        cast_rows(kernel, dh, scratch.d_branch, begin, end);
        if constexpr (sizeof(T) == sizeof(kernels::BFloat16)) {
          kernel.multiply_swiglu_backward(rows_of<T>(scratch.d_branch, begin), end - begin, down.depth, down.panels,
                                          down.columns, mutable_rows_of<T>(state.gate_up, begin));
        } else {  // rows of float32 are too far apart to be read and written tile by tile
          multiply(kernel, scratch.d_branch, down, scratch.d_activated, begin, end);
          swiglu_backward_rows(kernel, scratch.d_activated, state.gate_up, begin, end);
        }
        multiply(kernel, state.gate_up, gate_up, scratch.d_normed, begin, end);
        norm_backward_rows(kernel, scratch.d_normed, h, weights.norm, state.inv_rms, norm.scale, dh,
                           norm_sums.of_thread(), begin, end);
      });
      norm_sums.add_to(gradients.norm);
    });
  }
  linear_weight_grad(scratch.d_branch, state.activated, gradients.down);
  linear_weight_grad(state.gate_up, state.normed, gradients.gate_up);
}

}  // namespace cambium::ops
