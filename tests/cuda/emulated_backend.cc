#include <cstdlib>
#include <functional>
#include <memory>

#include "cambium/ops/cuda/cuda_ops.h"
#include "cambium/ops/cuda/gemm.h"
#include "cambium/ops/cuda/stream.h"

// The CUDA back end over emulated kernels: its products are ATen's, its device is the CPU. Linked into a test program,
// it takes the CPU's place where CAMBIUM_TEST_EMULATED_CUDA is set, so that the same tests run through it.

namespace cambium::ops::cuda {

Stream current_stream() { return nullptr; }

void gemm(const at::Tensor& a, Take take_a, const at::Tensor& b, Take take_b, Put put, at::Tensor& out) {
  const auto taken = [](const at::Tensor& x, Take take) { return take == Take::kTransposed ? x.t() : x; };
  const at::Tensor product = at::matmul(taken(a, take_a).to(at::kFloat), taken(b, take_b).to(at::kFloat));
  out.copy_(put == Put::kAdd ? out + product : product);
}

namespace {

class EmulatedBackend : public CudaOps {
 public:
  std::string describe() const override { return "emulated"; }
  double peak_flops(bool /*bfloat16*/) const override { return 0; }
  int64_t peak_memory() const override { return 0; }
  void set_deterministic(bool /*on*/) override {}
  void synchronize() override {}
  std::unique_ptr<RecordedWork> record(const std::function<void()>& work) override {
    return std::make_unique<RepeatedWork>(work);
  }
};

const bool kRegistered = [] {
  if (std::getenv("CAMBIUM_TEST_EMULATED_CUDA") == nullptr) {
    return false;
  }
  static EmulatedBackend backend;
  register_backend(at::kCPU, &backend);
  return true;
}();

}  // namespace
}  // namespace cambium::ops::cuda
