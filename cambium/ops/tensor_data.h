#pragma once

#include <ATen/ATen.h>

namespace cambium::ops {

/// A tensor's memory, as kernels take it. Internal to ops.
template <typename T>
const T* data(const at::Tensor& tensor) {
  return static_cast<const T*>(tensor.const_data_ptr());
}
template <typename T>
T* mutable_data(const at::Tensor& tensor) {
  return static_cast<T*>(tensor.mutable_data_ptr());
}

}  // namespace cambium::ops
