#include "cambium/ops/cuda/launch.h"

#include "cambium/base/error.h"

namespace cambium::ops::cuda {

void launch_failed(const char* kernel, cudaError_t error) {
  cudaGetLastError();  // the error is told here; later calls must not find it again
  fail("[{}] could not be started: {}", kernel, cudaGetErrorString(error));
}

}  // namespace cambium::ops::cuda
