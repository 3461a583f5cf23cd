#include "cambium/ops/cuda/launch.h"
#include "cambium/ops/cuda/vector.h"

namespace cambium::ops::cuda {
namespace {

template <int n>
__global__ void adamw_kernel(AdamWFactors factors, const float* guard, int64_t count, const float* grad, float* weight,
                             float* exp_avg, float* exp_avg_sq, BFloat16* compute) {
  if (guard[1] == 0) {
    return;
  }
  const float grad_scale = guard[0];
  for_entries<n>(count, [&](int64_t i, auto width) {
    constexpr int kWidth = decltype(width)::kValue;
    const Floats<kWidth> grads = load<kWidth>(grad + i);
    Floats<kWidth> weights = load<kWidth>(weight + i);
    Floats<kWidth> first = load<kWidth>(exp_avg + i), second = load<kWidth>(exp_avg_sq + i);
#pragma unroll
    for (int j = 0; j < kWidth; ++j) {
      const float g = grads[j] * grad_scale;
      first[j] += (g - first[j]) * factors.rest1;
      second[j] = second[j] * factors.beta2 + g * g * factors.rest2;
      const float denominator = sqrtf(second[j]) / factors.sqrt_correction2 + factors.eps;
      weights[j] = weights[j] * factors.shrink - factors.step_size * (first[j] / denominator);
    }
    store(weight + i, weights);
    store(exp_avg + i, first);
    store(exp_avg_sq + i, second);
    if (compute != nullptr) {
      store(compute + i, weights);
    }
  });
}

}  // namespace

void adamw(Stream stream, const AdamWFactors& factors, const float* guard, int64_t count, const float* grad,
           float* weight, float* exp_avg, float* exp_avg_sq, BFloat16* compute) {
  constexpr int kPacket = kEntries<float>;
  const bool in_packets = aligned<kPacket>(grad, weight, exp_avg, exp_avg_sq, compute);
  launch("adamw", stream, work_for(in_packets ? divide_up(count, kPacket) : count),
         in_packets ? adamw_kernel<kPacket> : adamw_kernel<1>, factors, guard, count, grad, weight, exp_avg, exp_avg_sq,
         compute);
}

}  // namespace cambium::ops::cuda
