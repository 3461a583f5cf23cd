#pragma once

#include <algorithm>
#include <cstdint>

#include "cambium/model/config/model_config.h"

namespace cambium::model {

/// Rows of logits held at a time, of `rows` in all: the whole [rows, vocab] matrix never exists. Enough that reading
/// and writing the head's gradient once a chunk costs little beside its products, at most 64 Mi entries; on a GPU,
/// whose products are faster beside its memory, four times that.
inline int64_t head_chunk_rows(const ModelConfig& config, int64_t rows, bool on_cpu) {
  const int64_t most_rows = on_cpu ? 1024 : 4096, most_entries = int64_t{1} << (on_cpu ? 26 : 28);
  return std::clamp<int64_t>(std::min(most_rows, most_entries / config.vocab_size), 16, std::max<int64_t>(16, rows));
}

}  // namespace cambium::model
