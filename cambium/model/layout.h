#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cambium/model/config/model_config.h"

namespace cambium::model {

/// One named tensor inside the flat buffer of a block.
struct Slot {
  std::string name;  ///< Hugging Face's name; within a layer without "model.layers.<l>."
  std::vector<int64_t> shape;
  int64_t offset;  ///< in entries
  int64_t numel() const;
  bool is_matrix() const { return shape.size() >= 2; }
};

/// The fixed order of a block's tensors; they lie without gaps.
struct BlockLayout {
  std::vector<Slot> slots;
  int64_t size = 0;  ///< in entries
};

BlockLayout embedding_layout(const ModelConfig& config);
/// input norm, q|k|v, o, post-attention norm, gate|up, down.
BlockLayout layer_layout(const ModelConfig& config);
/// The final norm, then the head unless it is tied to the embedding.
BlockLayout head_layout(const ModelConfig& config);

/// "model.layers.<layer>.".
std::string layer_prefix(int64_t layer);

/// The name of the tensor that one of a changed model is a copy of, where layer i of it was layer order[i].
std::string name_before(const std::string& name, const std::vector<int>& order);

}  // namespace cambium::model
