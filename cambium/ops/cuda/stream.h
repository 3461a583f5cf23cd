#pragma once

#include "cambium/ops/cuda/kernels.h"

namespace cambium::ops::cuda {

/// The stream that LibTorch uses at the moment; everything of a back end goes there.
Stream current_stream();

}  // namespace cambium::ops::cuda
