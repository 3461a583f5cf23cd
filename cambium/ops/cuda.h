#pragma once

#include <string>

#include "cambium/ops/backend.h"

namespace cambium::ops {

/// The CUDA back end. It lies in a library of its own, libcambium_cuda.so, beside the program or where
/// CAMBIUM_CUDA_LIBRARY says: the same program runs where there is no GPU, no driver and no CUDA.
struct Cuda {
  Backend* backend = nullptr;  ///< null: no GPU can be used
  std::string why_not;
  void* library = nullptr;  ///< as dlopen gave it: what else lies there
};

/// Looks for it at the first call, which must come before LibTorch is asked for anything on a GPU; registers it.
const Cuda& cuda();

}  // namespace cambium::ops
