#include "cambium/config/device.h"

#include "cambium/base/cpu.h"
#include "cambium/base/error.h"

namespace cambium::config {

DeviceChoice choose_device(const RunSection& run, const CudaSupport& cuda) {
  if (run.device == "cuda" && !cuda.available) {
    throw InvalidArgument(
        format("`run.device` is \"cuda\", but no GPU can be used: {}; expected \"auto\" or \"cpu\"", cuda.why_not));
  }
  DeviceChoice choice;
  choice.device = cuda.available && run.device != "cpu" ? "cuda" : "cpu";
  if (run.precision != "auto") {
    choice.precision = run.precision;
    choice.reason = "as configured";
  } else if (choice.device == "cuda") {
    choice.precision = "bfloat16";
    choice.reason = "GPU";
  } else if (has_amx_bf16() || has_avx512_bf16()) {
    choice.precision = "bfloat16";
    choice.reason = has_amx_bf16() ? "the CPU has amx_bf16" : "the CPU has avx512_bf16";
  } else {
    choice.precision = "float32";
    choice.reason = "the CPU has neither avx512_bf16 nor amx_bf16";
  }
  return choice;
}

}  // namespace cambium::config
