#include "cambium/base/random.h"

#include <cmath>
#include <numbers>
#include <utility>

#include "cambium/base/hash.h"

namespace cambium {

std::array<uint32_t, 4> philox(uint64_t key, uint64_t counter_low, uint64_t counter_high) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  std::array<uint32_t, 4> x{static_cast<uint32_t>(counter_low), static_cast<uint32_t>(counter_low >> 32),
                            static_cast<uint32_t>(counter_high), static_cast<uint32_t>(counter_high >> 32)};
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = kMultiplier0 * x[0];
    const uint64_t product1 = kMultiplier1 * x[2];
    x = {static_cast<uint32_t>(product1 >> 32) ^ x[1] ^ k0, static_cast<uint32_t>(product1),
         static_cast<uint32_t>(product0 >> 32) ^ x[3] ^ k1, static_cast<uint32_t>(product0)};
    k0 += kWeyl0;
    k1 += kWeyl1;
  }
  return x;
}

CounterRandom::CounterRandom(uint64_t seed, std::string_view stream) : key_(hash64(stream, seed)) {}

uint32_t CounterRandom::next_u32() {
  const std::array<uint32_t, 4> block = philox(key_, position_ / 4);
  return block[position_++ % 4];
}

uint64_t CounterRandom::next_u64() {
  const uint64_t low = next_u32();
  return low | (uint64_t{next_u32()} << 32);
}

uint64_t CounterRandom::below(uint64_t bound) {
  // Draws under the remainder of 2^64 / bound would make small values likelier.
  const uint64_t threshold = (0 - bound) % bound;
  for (;;) {
    const uint64_t draw = next_u64();
    if (draw >= threshold) {
      return draw % bound;
    }
  }
}

double CounterRandom::uniform() { return static_cast<double>(next_u64() >> 11) * 0x1p-53; }

double CounterRandom::normal() {
  const double u = 1.0 - uniform();  // in (0, 1]
  const double v = uniform();
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

KeyedPermutation::KeyedPermutation(uint64_t size, uint64_t key) : size_(size), key_(key), half_bits_(1) {
  while (half_bits_ < 32 && (uint64_t{1} << (2 * half_bits_)) < size) {
    ++half_bits_;
  }
}

uint64_t KeyedPermutation::operator()(uint64_t index) const {
  constexpr int kRounds = 6;
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  // The network permutes the next power of four; outside [0, size) it is walked on, which ends inside after fewer than
  // four rounds on average.
  do {
    uint64_t left = index >> half_bits_, right = index & mask;
    for (int round = 0; round < kRounds; ++round) {
      const uint64_t mixed = philox(key_, right, static_cast<uint64_t>(round))[0] & mask;
      left = std::exchange(right, left ^ mixed);
    }
    index = (left << half_bits_) | right;
  } while (index >= size_);
  return index;
}

}  // namespace cambium
