#include <ATen/Context.h>
#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "cambium/base/error.h"
#include "cambium/ops/cuda/cuda_ops.h"
#include "cambium/ops/cuda/stream.h"

namespace cambium::ops::cuda {

Stream current_stream() { return c10::cuda::getCurrentCUDAStream().stream(); }

namespace {

/// A CUDA graph of the work, over the memory that it asked for while it was captured.
class CapturedGraph : public RecordedWork {
 public:
  explicit CapturedGraph(const std::function<void()>& work) {
    at::cuda::device_synchronize();
    // What the first run left: the graph's own memory is apart from it.
    c10::cuda::CUDACachingAllocator::emptyCache();
    {
      // Capturing is not possible on the stream that everything uses by default.
      const c10::cuda::CUDAStreamGuard guard(c10::cuda::getStreamFromPool());
      graph_.capture_begin();
      work();
      graph_.capture_end();
    }
    at::cuda::device_synchronize();
  }
  void replay() override { graph_.replay(); }

 private:
  at::cuda::CUDAGraph graph_;
};

/// Dense products by NVIDIA's data sheets, FLOPs per second in bfloat16 and in float32 (without TF32).
struct Peak {
  std::string_view name;
  double bfloat16, float32;
};
constexpr Peak kPeaks[] = {
    {"H100 PCIe", 756e12, 51e12}, {"H100 NVL", 835e12, 60e12}, {"H100", 989.4e12, 66.9e12}, {"H200", 989.4e12, 66.9e12},
    {"H20", 148e12, 44e12},       {"A100", 312e12, 19.5e12},   {"A800", 312e12, 19.5e12},   {"H800", 989.4e12, 66.9e12},
};

class CudaBackend : public CudaOps {
 public:
  std::string describe() const override {
    const cudaDeviceProp& device = *at::cuda::getCurrentDeviceProperties();
    return format("{}, compute capability {}.{}, {:.0f} GiB", device.name, device.major, device.minor,
                  static_cast<double>(device.totalGlobalMem) / (1 << 30));
  }
  double peak_flops(bool bfloat16) const override {
    const std::string_view name = at::cuda::getCurrentDeviceProperties()->name;
    const auto* found = std::find_if(std::begin(kPeaks), std::end(kPeaks),
                                     [&](const Peak& peak) { return name.find(peak.name) != std::string_view::npos; });
    return found == std::end(kPeaks) ? 0 : (bfloat16 ? found->bfloat16 : found->float32);
  }
  int64_t peak_memory() const override {
    return c10::cuda::CUDACachingAllocator::getDeviceStats(c10::cuda::current_device()).reserved_bytes[0].peak;
  }
  void set_deterministic(bool on) override {
    // FlashAttention's backward looks at this, and ignores it where warnings are all that is asked for. Plain
    // attention's products need the other setting, or are refused.
    setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
    at::globalContext().setDeterministicAlgorithms(on, /*warn_only=*/false);
    at::globalContext().setDeterministicFillUninitializedMemory(false);
  }
  void synchronize() override { at::cuda::device_synchronize(); }
  std::unique_ptr<RecordedWork> record(const std::function<void()>& work) override {
    const char* asked = std::getenv("CAMBIUM_CUDA_GRAPH");
    if (asked != nullptr && std::string_view(asked) == "off") {
      return std::make_unique<RepeatedWork>(work);
    }
    return std::make_unique<CapturedGraph>(work);
  }
};

/// Why the device cannot be used; "" where it can.
std::string objection() {
  int count = 0;
  if (const cudaError_t status = cudaGetDeviceCount(&count); status != cudaSuccess || count == 0) {
    return format("no CUDA device was found ({})", cudaGetErrorString(status));
  }
  constexpr int kAmpere = 8;
  if (const cudaDeviceProp& device = *at::cuda::getDeviceProperties(0); device.major < kAmpere) {
    return format("{} has compute capability {}.{}; expected 8.0 (Ampere) or newer", device.name, device.major,
                  device.minor);
  }
  return "";
}

}  // namespace
}  // namespace cambium::ops::cuda

/// What ops/cuda.cc looks for in this library: the back end, or null with the reason in `why_not`.
extern "C" cambium::ops::Backend* cambium_cuda_backend(char* why_not, size_t room) {
  using namespace cambium::ops::cuda;
  try {
    const std::string reason = objection();
    if (reason.empty()) {
      at::globalContext().lazyInitDevice(at::kCUDA);
      static CudaBackend backend;
      return &backend;
    }
    std::strncpy(why_not, reason.c_str(), room - 1);
  } catch (const std::exception& error) {
    std::strncpy(why_not, error.what(), room - 1);
  }
  return nullptr;
}
