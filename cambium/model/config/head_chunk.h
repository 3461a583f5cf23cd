#pragma once

#include <algorithm>
#include <cstdint>

#include "cambium/model/config/model_config.h"

namespace cambium::model {

/// Rows of logits held at a time, of `rows` in all: the whole [rows, vocab] matrix never exists. Enough that reading
/// and writing the head's gradient once a chunk costs little beside its products, at most 64 Mi entries.
inline int64_t head_chunk_rows(const ModelConfig& config, int64_t rows) {
  constexpr int64_t kRows = 1024, kEntries = int64_t{1} << 26;
  return std::clamp<int64_t>(std::min(kRows, kEntries / config.vocab_size), 16, std::max<int64_t>(16, rows));
}

}  // namespace cambium::model
