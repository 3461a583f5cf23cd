#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace cambium {

/// Philox4x32-10 (Salmon et al. 2011): 128 random bits as a pure function of a 64-bit key and a 128-bit counter.
std::array<uint32_t, 4> philox(uint64_t key, uint64_t counter_low, uint64_t counter_high = 0);

/// Random numbers by position: the n-th draw of stream (seed, name) is a pure function of n, so that nothing has to be
/// replayed to continue at n. `position` can be read, stored and set.
class CounterRandom {
 public:
  /// `stream` separates independent uses of one seed ("init.layers.3", "data.books.epoch.2").
  CounterRandom(uint64_t seed, std::string_view stream);

  uint32_t next_u32();
  uint64_t next_u64();
  /// Uniform in [0, bound), without modulo bias; bound > 0.
  uint64_t below(uint64_t bound);
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  /// Standard normal (Box-Muller, one value per two draws of 64 bits).
  double normal();

  uint64_t position() const { return position_; }
  void set_position(uint64_t position) { position_ = position; }

 private:
  uint64_t key_;
  uint64_t position_ = 0;  ///< in 32-bit draws
};

/// A keyed bijection of [0, size): `permuted[i]` without a table (Feistel network with cycle walking).
class KeyedPermutation {
 public:
  KeyedPermutation(uint64_t size, uint64_t key);
  uint64_t operator()(uint64_t index) const;
  uint64_t size() const { return size_; }

 private:
  uint64_t size_;
  uint64_t key_;
  int half_bits_;
};

}  // namespace cambium
