#include <cmath>

#include "cambium/ops/adamw.h"
#include "cambium/ops/cpu.h"

namespace cambium::ops {

using namespace cpu;

void adamw(const AdamWStep& step, const at::Tensor& grad, at::Tensor weight, at::Tensor exp_avg, at::Tensor exp_avg_sq,
           at::Tensor compute) {
  const double correction1 = 1.0 - std::pow(step.beta1, static_cast<double>(step.step));
  const double correction2 = 1.0 - std::pow(step.beta2, static_cast<double>(step.step));
  const float shrink = static_cast<float>(1.0 - step.learning_rate * step.weight_decay);
  const float step_size = static_cast<float>(step.learning_rate / correction1);
  const float sqrt_correction2 = static_cast<float>(std::sqrt(correction2));
  const float beta2 = static_cast<float>(step.beta2), eps = static_cast<float>(step.eps);
  const float rest1 = static_cast<float>(1.0 - step.beta1), rest2 = static_cast<float>(1.0 - step.beta2);
  const float grad_scale = static_cast<float>(step.grad_scale);

  const float* g = grad.const_data_ptr<float>();
  float* w = weight.mutable_data_ptr<float>();
  float* m = exp_avg.mutable_data_ptr<float>();
  float* v = exp_avg_sq.mutable_data_ptr<float>();
  BFloat16* c = compute.defined() ? compute.mutable_data_ptr<BFloat16>() : nullptr;
  for_range(weight.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      const float gradient = g[i] * grad_scale;
      m[i] += (gradient - m[i]) * rest1;
      v[i] = v[i] * beta2 + gradient * gradient * rest2;
      const float denominator = std::sqrt(v[i]) / sqrt_correction2 + eps;
      w[i] = w[i] * shrink - step_size * (m[i] / denominator);
    }
    if (c != nullptr) {
      for (int64_t i = begin; i < end; ++i) {
        c[i] = from_float<BFloat16>(w[i]);
      }
    }
  });
}

}  // namespace cambium::ops
