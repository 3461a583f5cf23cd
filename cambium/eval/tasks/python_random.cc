#include "cambium/eval/tasks/python_random.h"

#include <bit>
#include <cmath>
#include <numeric>
#include <set>

namespace cambium::eval {
namespace {

constexpr size_t kSize = 624, kMiddle = 397;

}  // namespace

PythonRandom::PythonRandom(uint32_t seed) {
  state_[0] = 19650218;
  for (size_t i = 1; i < kSize; ++i) {
    state_[i] = 1812433253U * (state_[i - 1] ^ (state_[i - 1] >> 30)) + static_cast<uint32_t>(i);
  }
  // Seeding by an array with one entry.
  size_t i = 1;
  const auto step = [&](uint32_t factor) {
    const uint32_t mixed = state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * factor);
    return mixed;
  };
  const auto advance = [&] {
    if (++i == kSize) {
      state_[0] = state_[kSize - 1];
      i = 1;
    }
  };
  for (size_t k = 0; k < kSize; ++k) {
    state_[i] = step(1664525U) + seed;
    advance();
  }
  for (size_t k = 0; k + 1 < kSize; ++k) {
    state_[i] = step(1566083941U) - static_cast<uint32_t>(i);
    advance();
  }
  state_[0] = 0x80000000U;
}

void PythonRandom::refill() {
  for (size_t i = 0; i < kSize; ++i) {
    const uint32_t y = (state_[i] & 0x80000000U) | (state_[(i + 1) % kSize] & 0x7FFFFFFFU);
    state_[i] = state_[(i + kMiddle) % kSize] ^ (y >> 1) ^ ((y & 1U) != 0 ? 0x9908B0DFU : 0U);
  }
  at_ = 0;
}

uint32_t PythonRandom::next() {
  if (at_ == kSize) {
    refill();
  }
  uint32_t y = state_[at_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9D2C5680U;
  y ^= (y << 15) & 0xEFC60000U;
  return y ^ (y >> 18);
}

double PythonRandom::random() {
  const uint32_t high = next() >> 5, low = next() >> 6;
  return (static_cast<double>(high) * 67108864.0 + static_cast<double>(low)) * (1.0 / 9007199254740992.0);
}

uint32_t PythonRandom::below(uint32_t bound) {
  const int bits = std::bit_width(bound);
  uint32_t drawn = next() >> (32 - bits);
  while (drawn >= bound) {
    drawn = next() >> (32 - bits);
  }
  return drawn;
}

std::vector<uint32_t> PythonRandom::sample(uint32_t size, uint32_t count) {
  std::vector<uint32_t> drawn;
  // Python shuffles a short list in place, and draws again what it had before from a long one.
  double limit = 21;
  if (count > 5) {
    limit += std::pow(4.0, std::ceil(std::log(static_cast<double>(count) * 3) / std::log(4.0)));
  }
  if (static_cast<double>(size) <= limit) {
    std::vector<uint32_t> pool(size);
    std::iota(pool.begin(), pool.end(), 0U);
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t at = below(size - i);
      drawn.push_back(pool[at]);
      pool[at] = pool[size - i - 1];
    }
    return drawn;
  }
  std::set<uint32_t> had;
  while (drawn.size() < count) {
    const uint32_t at = below(size);
    if (had.insert(at).second) {
      drawn.push_back(at);
    }
  }
  return drawn;
}

}  // namespace cambium::eval
