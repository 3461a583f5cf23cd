#include <cmath>

#include "cambium/ops/adamw.h"
#include "cambium/ops/cpu.h"

namespace cambium::ops {

using namespace cpu;

void adamw(const AdamWStep& step, const at::Tensor& grad, at::Tensor weight, at::Tensor exp_avg, at::Tensor exp_avg_sq,
           at::Tensor compute) {
  const double correction1 = 1.0 - std::pow(step.beta1, static_cast<double>(step.step));
  const double correction2 = 1.0 - std::pow(step.beta2, static_cast<double>(step.step));
  const kernels::AdamWFactors factors{.grad_scale = static_cast<float>(step.grad_scale),
                                      .rest1 = static_cast<float>(1.0 - step.beta1),
                                      .beta2 = static_cast<float>(step.beta2),
                                      .rest2 = static_cast<float>(1.0 - step.beta2),
                                      .sqrt_correction2 = static_cast<float>(std::sqrt(correction2)),
                                      .eps = static_cast<float>(step.eps),
                                      .shrink = static_cast<float>(1.0 - step.learning_rate * step.weight_decay),
                                      .step_size = static_cast<float>(step.learning_rate / correction1)};
  auto* copy = compute.defined() ? mutable_data<kernels::BFloat16>(compute) : nullptr;
  for_range(weight.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
    kernels::kernels().adamw(factors, end - begin, data<float>(grad) + begin, mutable_data<float>(weight) + begin,
                             mutable_data<float>(exp_avg) + begin, mutable_data<float>(exp_avg_sq) + begin,
                             copy == nullptr ? nullptr : copy + begin);
  });
}

}  // namespace cambium::ops
