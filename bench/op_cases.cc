#include "bench/op_cases.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

namespace cambium::bench {

std::vector<OpCase> op_cases(const OpShape& shape, at::ScalarType type) {
  std::vector<OpCase> cases;
  add_product_cases(cases, shape, type);
  add_fused_cases(cases, shape, type);
  add_row_cases(cases, shape, type);
  return cases;
}

std::function<void()> twin_backward(std::vector<at::Tensor> leaves,
                                    const std::function<at::Tensor(const std::vector<at::Tensor>&)>& forward,
                                    const at::Tensor& dout) {
  const c10::AutoGradMode recording(true);
  for (at::Tensor& leaf : leaves) {
    leaf = leaf.detach().clone().requires_grad_(true);
  }
  const at::Tensor out = forward(leaves);
  return [out, leaves, dout] { torch::autograd::grad({out}, leaves, {dout}, /*retain_graph=*/true); };
}

}  // namespace cambium::bench
