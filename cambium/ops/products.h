#pragma once

#include <ATen/core/ScalarType.h>

#include <string>

namespace cambium::ops {

/// The products of activations with weights: y = x · wᵀ, dx = dy · w, dw = dyᵀ · x.
enum class Product { kForward, kInputGrad, kWeightGrad };

/// Whether our kernels make the products of this kind and type on the CPU, or LibTorch's libraries (MKL, oneDNN). Both
/// are timed when it is first asked, for a fraction of a second, and the result is kept for later runs in
/// $XDG_CACHE_HOME/cambium/products.json (else below ~/.cache). The library must be clearly faster: noise shall not
/// change a run's bits. CAMBIUM_PRODUCTS=own or library decides without timing; throws InvalidArgument where it is
/// something else.
bool own_products(Product kind, c10::ScalarType type);

/// For the first lines of a run: "own", "library", or for example "own, weight gradients library".
std::string describe_products(c10::ScalarType type);

}  // namespace cambium::ops
