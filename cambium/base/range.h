#pragma once

#include <cstdint>

namespace cambium {

/// [begin, end) of something that is counted.
struct Range {
  int64_t begin, end;
  int64_t length() const { return end - begin; }
  bool operator==(const Range&) const = default;
};

/// What `rank` of `size` gets of `count` items: ranges in the order of the ranks, which differ by one item at most and
/// may be empty.
inline Range share(int64_t count, int64_t rank, int64_t size) {
  return {count * rank / size, count * (rank + 1) / size};
}

}  // namespace cambium
