#pragma once

#include <string>

#include "cambium/analysis/analysis.h"
#include "cambium/analysis/values.h"

namespace cambium::analysis {

/// Adds `<name>_by_position`: the mean over blocks of a per-layer array [layers], by the layer's position within its
/// block; nothing where the layers are no whole number of at least two blocks.
inline void add_by_position(Values& values, const std::string& name, int64_t block_size) {
  const at::Tensor by_layer = to_tensor(values.at(name));
  if (block_size >= 2 && by_layer.size(0) >= 2 * block_size && by_layer.size(0) % block_size == 0) {
    values[name + "_by_position"] = to_json(by_layer.view({-1, block_size}).mean(0));
  }
}

}  // namespace cambium::analysis
