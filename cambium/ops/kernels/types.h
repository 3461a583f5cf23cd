#pragma once

#include <cstdint>

// What kernels of the CPU and of a GPU are both told in. Plain structs: neither LibTorch nor CUDA is needed here.

namespace cambium::ops::kernels {

/// A bfloat16 number: the upper half of a float32.
struct BFloat16 {
  uint16_t bits;
};

/// Of ops/cross_entropy.h.
struct LossGradient {
  float scale, z_loss;
};

/// AdamW's factors of one step, as ops/kernel_factors.h makes them.
struct AdamWFactors {
  float rest1, beta2, rest2, sqrt_correction2, eps, shrink, step_size;
};

}  // namespace cambium::ops::kernels
