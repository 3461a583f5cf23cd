#pragma once

#include <algorithm>
#include <cstdint>

#include "cambium/model/config/model_config.h"

namespace cambium::model {

/// Rows of logits held at a time, of `rows` in all: about four million entries, so that a chunk stays near the caches
/// and the whole [rows, vocab] matrix never exists.
inline int64_t head_chunk_rows(const ModelConfig& config, int64_t rows) {
  constexpr int64_t kEntries = int64_t{1} << 22;
  return std::clamp<int64_t>(kEntries / config.vocab_size, 16, std::max<int64_t>(16, rows));
}

}  // namespace cambium::model
