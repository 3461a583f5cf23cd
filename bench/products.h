#pragma once

#include "bench/trainee.h"

namespace cambium::bench {

/// What a training step would take if it were nothing but the products of its weights with its activations: forward,
/// input gradient and weight gradient of q|k|v, o, gate|up and down of every layer and of the head. Attention's own
/// products are not among them. Each product runs several times over buffers that are there already; its best time
/// counts, as often as it occurs in a step.
struct ProductTimes {
  double seconds;            ///< a step
  double flops;              ///< a step, two a multiply-add
  double tokens_per_second;  ///< of a step of that length: a bound on training
};

enum class ProductsBy {
  kLibrary,  ///< at::mm_out; weight gradients in the compute type
  kOps,      ///< ops/linear.h, what training uses; weight gradients added up in float32
};

ProductTimes measure_products(const Trainee& trainee, ProductsBy by);

}  // namespace cambium::bench
