#pragma once

#include <cstdint>

#include "cambium/base/range.h"

namespace cambium::dist {

/// Which part of something is whose: ranks own consecutive ranges. The default owns everything.
struct Partition {
  int64_t rank = 0;
  int64_t size = 1;

  using Range = cambium::Range;

  /// Own entries of a flat buffer of `numel`: equal parts of whole cache lines of float32, and to the last rank what is
  /// left of the division.
  Range of(int64_t numel) const {
    constexpr int64_t kLine = 16;
    const int64_t part = size == 1 ? numel : numel / size / kLine * kLine;
    return {rank * part, rank + 1 == size ? numel : (rank + 1) * part};
  }
  /// Own items of `count`: parts differ by one at most, and may be empty.
  Range share(int64_t count) const { return cambium::share(count, rank, size); }
};

}  // namespace cambium::dist
