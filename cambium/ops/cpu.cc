#include "cambium/ops/cpu.h"

#include <array>

namespace cambium::ops::cpu {

int32_t* scratch(Slot slot, int64_t words) {
  thread_local std::array<at::Tensor, 3> slots;
  at::Tensor& buffer = slots.at(static_cast<size_t>(slot));
  if (!buffer.defined() || buffer.numel() < words) {
    buffer = at::Tensor();  // first give back, then ask for more
    buffer = at::empty({words}, at::kInt);
  }
  return buffer.mutable_data_ptr<int32_t>();
}

}  // namespace cambium::ops::cpu
