#include "cambium/ops/linear.h"

namespace cambium::ops {

void linear(const at::Tensor& x, const at::Tensor& w, at::Tensor& y) { at::mm_out(y, x, w.t()); }

void linear_input_grad(const at::Tensor& dy, const at::Tensor& w, at::Tensor& dx) { at::mm_out(dx, dy, w); }

void linear_weight_grad(const at::Tensor& dy, const at::Tensor& x, at::Tensor& dw, at::Tensor& scratch) {
  if (dy.scalar_type() == at::kFloat) {
    at::addmm_out(dw, dw, dy.t(), x);
    return;
  }
  at::Tensor product = scratch.narrow(0, 0, dw.numel()).view(dw.sizes());
  at::mm_out(product, dy.t(), x);
  dw.add_(product);
}

}  // namespace cambium::ops
