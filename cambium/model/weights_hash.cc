#include "cambium/model/weights_hash.h"

#include <span>

#include "cambium/base/hash.h"

namespace cambium::model {

std::string weights_hash(const Parameters& weights) {
  Hasher hasher;
  for (const at::Tensor& block : weights.blocks()) {
    const at::Tensor on_cpu = block.cpu();
    hasher.update(std::as_bytes(std::span(on_cpu.const_data_ptr<float>(), static_cast<size_t>(on_cpu.numel()))));
  }
  return hasher.hex();
}

}  // namespace cambium::model
