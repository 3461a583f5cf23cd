#include "cambium/train/device.h"

#include <ATen/Parallel.h>

#include "cambium/base/format.h"
#include "cambium/ops/cuda.h"
#include "cambium/ops/kernels/kernels.h"
#include "cambium/ops/products.h"

namespace cambium::train {

config::CudaSupport cuda_support() {
  const ops::Cuda& cuda = ops::cuda();
  return {.available = cuda.backend != nullptr, .why_not = cuda.why_not};
}

Device::Device(const config::RunSection& run)
    : choice(config::choose_device(run, run.device == "cpu" ? config::CudaSupport{} : cuda_support())),
      where(choice.device == "cuda" ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU)),
      precision(choice.precision == "bfloat16" ? model::Precision::kBFloat16 : model::Precision::kFloat32) {
  if (where.is_cuda()) {
    ops::cuda().backend->set_deterministic(run.deterministic);
  }
}

std::string describe(const Device& device) {
  if (device.where.is_cuda()) {
    return format("{}, {}", ops::cuda().backend->describe(), device.choice.precision);
  }
  return format("cpu, {} threads, {}; kernels {}, products: {}", at::get_num_threads(), device.choice.precision,
                ops::kernels::kernels().name, ops::describe_products(model::compute_type(device.precision)));
}

}  // namespace cambium::train
