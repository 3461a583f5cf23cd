#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cambium::text {

/// From a pair of ids to what merging them gives. Open addressing in one array: encoding looks up a pair for every two
/// neighbours, and a node-based map would miss the cache each time.
class PairTable {
 public:
  struct Merge {
    int32_t rank = -1;  ///< lower is stronger; -1: no such merge
    int32_t id = -1;    ///< the merged token
  };

  explicit PairTable(size_t num_pairs) {
    size_t slots = 16;
    while (slots < 2 * num_pairs) {
      slots *= 2;
    }
    slots_.resize(slots);
    mask_ = slots - 1;
  }

  /// At most as many distinct pairs as promised; the last merge given for a pair counts.
  void set(int32_t left, int32_t right, Merge merge) {
    Slot& slot = slots_[find_slot(key(left, right))];
    slot = {key(left, right), merge};
  }

  Merge get(int32_t left, int32_t right) const { return slots_[find_slot(key(left, right))].merge; }

 private:
  struct Slot {
    uint64_t key = UINT64_MAX;  ///< no pair of ids, which are not negative, has this key
    Merge merge;
  };

  static uint64_t key(int32_t left, int32_t right) {
    return (static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32) | static_cast<uint32_t>(right);
  }

  size_t find_slot(uint64_t key) const {
    uint64_t hash = key * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 29;
    size_t slot = (hash * 0xBF58476D1CE4E5B9U >> 20) & mask_;
    while (slots_[slot].key != key && slots_[slot].key != UINT64_MAX) {
      slot = (slot + 1) & mask_;
    }
    return slot;
  }

  std::vector<Slot> slots_;
  size_t mask_ = 0;
};

}  // namespace cambium::text
