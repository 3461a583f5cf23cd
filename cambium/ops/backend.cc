#include "cambium/ops/backend.h"

#include <array>

#include "cambium/base/error.h"

namespace cambium::ops {
namespace {

std::array<Backend*, at::COMPILE_TIME_MAX_DEVICE_TYPES>& backends() {
  static std::array<Backend*, at::COMPILE_TIME_MAX_DEVICE_TYPES> all{};
  return all;
}

}  // namespace

Backend* backend_of(const at::Tensor& tensor) {
  const at::DeviceType device = tensor.device().type();
  Backend* found = backends()[static_cast<size_t>(device)];
  if (found == nullptr && device != at::kCPU) {
    fail("no back end was loaded for tensors on {}", tensor.device().str());
  }
  return found;
}

void register_backend(at::DeviceType device, Backend* backend) { backends()[static_cast<size_t>(device)] = backend; }

}  // namespace cambium::ops
