#pragma once

#include <string>

#include "cambium/config/run_config.h"

namespace cambium::config {

/// Whether this build and this machine have a GPU that can be used.
struct CudaSupport {
  bool available = false;
  std::string why_not = {};
};

/// Where a run computes and in which type, with the reason for the reader of `plan`.
struct DeviceChoice {
  std::string device;     ///< cpu | cuda
  std::string precision;  ///< float32 | bfloat16
  std::string reason;
};

/// Resolves `auto`: the GPU where there is one, else the CPU; bfloat16 on a GPU and on CPUs with avx512_bf16 or
/// amx_bf16 (elsewhere it is slower than float32). Throws InvalidArgument where the configuration asks for a GPU that
/// is not there.
DeviceChoice choose_device(const RunSection& run, const CudaSupport& cuda);

}  // namespace cambium::config
