#include "bench/machine.h"

#include <ATen/Parallel.h>

#include <cstdlib>

#include "cambium/base/cpu.h"
#include "cambium/ops/kernels/kernels.h"
#include "cambium/ops/products.h"

namespace cambium::bench {
namespace {

double load_average() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

}  // namespace

Machine this_machine(bool bfloat16, const ops::Backend* gpu) {
  if (gpu != nullptr) {
    return {.gpu = gpu->describe(),
            .cpu = cpu_name(),
            .threads = at::get_num_threads(),
            .kernels = "cuda",
            .products = "cublasLt",
            .load = load_average()};
  }
  return {.gpu = "",
          .cpu = cpu_name(),
          .threads = at::get_num_threads(),
          .kernels = ops::kernels::kernels().name,
          .products = ops::describe_products(bfloat16 ? at::kBFloat16 : at::kFloat),
          .load = load_average()};
}

}  // namespace cambium::bench
