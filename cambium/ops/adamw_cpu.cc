#include "cambium/ops/adamw.h"
#include "cambium/ops/backend.h"
#include "cambium/ops/cpu.h"
#include "cambium/ops/kernel_factors.h"

namespace cambium::ops {

using namespace cpu;

void adamw(const AdamWStep& step, const at::Tensor& guard, const at::Tensor& grad, at::Tensor weight,
           at::Tensor exp_avg, at::Tensor exp_avg_sq, at::Tensor compute) {
  if (Backend* device = backend_of(weight)) {
    device->adamw(step, guard, grad, weight, exp_avg, exp_avg_sq, compute);
    return;
  }
  const float* scale_and_go = guard.const_data_ptr<float>();
  if (scale_and_go[1] == 0) {
    return;
  }
  const float grad_scale = scale_and_go[0];
  const kernels::AdamWFactors factors = adamw_factors(step);
  auto* copy = compute.defined() ? mutable_data<kernels::BFloat16>(compute) : nullptr;
  for_range(weight.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
    kernels::kernels().adamw(factors, grad_scale, end - begin, data<float>(grad) + begin,
                             mutable_data<float>(weight) + begin, mutable_data<float>(exp_avg) + begin,
                             mutable_data<float>(exp_avg_sq) + begin, copy == nullptr ? nullptr : copy + begin);
  });
}

}  // namespace cambium::ops
