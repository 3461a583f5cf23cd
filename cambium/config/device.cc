#include "cambium/config/device.h"

#include "cambium/base/cpu.h"
#include "cambium/base/error.h"

namespace cambium::config {

DeviceChoice choose_device(const RunSection& run, bool cuda_available) {
  if (run.device == "cuda" && !cuda_available) {
    throw InvalidArgument(
        "`run.device` is \"cuda\", but no GPU that this build can use was found; expected \"auto\" or \"cpu\"");
  }
  DeviceChoice choice;
  choice.device = cuda_available && run.device != "cpu" ? "cuda" : "cpu";
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
