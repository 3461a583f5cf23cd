#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cambium::eval {

/// The numbers of Python's `random.Random(seed)`: a Mersenne twister (MT19937, Matsumoto and Nishimura 1998), so that
/// few-shot examples and bootstrap samples are the ones that the harness draws.
class PythonRandom {
 public:
  explicit PythonRandom(uint32_t seed);
  /// In [0, 1), 53 bits.
  double random();
  /// Uniform in [0, bound), 0 < bound < 2^32, as `_randbelow` does.
  uint32_t below(uint32_t bound);
  /// `sample(range(size), count)`; count <= size.
  std::vector<uint32_t> sample(uint32_t size, uint32_t count);

 private:
  uint32_t next();
  void refill();

  std::array<uint32_t, 624> state_;
  std::size_t at_ = 624;
};

}  // namespace cambium::eval
