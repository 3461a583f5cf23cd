#pragma once

#include <string>

#include "cambium/ops/backend.h"

namespace cambium::bench {

/// What a measurement ran on, and which of the paths through the program it took.
struct Machine {
  std::string gpu;       ///< as its back end describes it; "" where the work is the CPU's
  std::string cpu;       ///< the processor's name, "" where the system does not tell
  int threads;           ///< that LibTorch and our kernels use
  std::string kernels;   ///< instruction set of the kernels (ops/kernels/kernels.h), "cuda" on a GPU
  std::string products;  ///< who makes matrix products in this precision, as ops::describe_products says it
  double load;           ///< runnable processes over the last minute; more than our own threads is trouble
};

/// `gpu` is where the work is done; null: on the CPU.
Machine this_machine(bool bfloat16, const ops::Backend* gpu = nullptr);

}  // namespace cambium::bench
