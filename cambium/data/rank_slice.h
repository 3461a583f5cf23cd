#pragma once

#include <cstdint>

#include "cambium/base/error.h"
#include "cambium/base/range.h"

namespace cambium::data {

/// Sequences of a batch.
using Slice = Range;

/// The `share` of a batch of `sequences` that rank `rank` of `ranks` trains on, so that all ranks together train on the
/// batch of a single one. Throws InvalidArgument for a rank outside of the group and for groups larger than the batch.
inline Slice rank_slice(int64_t sequences, int64_t rank, int64_t ranks) {
  if (ranks < 1 || rank < 0 || rank >= ranks) {
    throw InvalidArgument(format("rank {} of {}: expected 0 to {}", rank, ranks, ranks - 1));
  }
  if (sequences < ranks) {
    throw InvalidArgument(format("a batch of {} sequences for {} ranks: expected at least one each", sequences, ranks));
  }
  return share(sequences, rank, ranks);
}

}  // namespace cambium::data
