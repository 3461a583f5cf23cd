#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cambium/model/packed.h"

namespace cambium::eval {

/// Many sequences of tokens as rows in which a prefix that several share stands once.
struct PrefixTree {
  model::PackedRows rows;                    ///< slots are rows
  std::vector<std::vector<int64_t>> row_of;  ///< of sequence i: the row of each of its tokens
};

/// `share`: false keeps every sequence to itself. Prefixes of a few tokens are not worth a segment and stay apart.
PrefixTree build_prefix_tree(std::span<const std::span<const int32_t>> sequences, bool share);

}  // namespace cambium::eval
