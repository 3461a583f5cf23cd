#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cambium/base/random.h"

namespace cambium::data {

/// Uniform in [low, high].
inline int draw_between(CounterRandom& random, int low, int high) {
  return low + static_cast<int>(random.below(static_cast<uint64_t>(high - low) + 1));
}

template <typename Range>
const auto& draw_from(CounterRandom& random, const Range& range) {
  return std::data(range)[random.below(std::size(range))];
}

template <typename T>
void shuffle(CounterRandom& random, std::vector<T>& values) {
  for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random.below(i)]);
}

/// `count` different entries, in random order.
template <typename Range>
auto draw_distinct(CounterRandom& random, const Range& range, int count) {
  std::vector values(std::begin(range), std::end(range));
  for (size_t i = 0; i < static_cast<size_t>(count); ++i)
    std::swap(values[i], values[i + random.below(values.size() - i)]);
  values.resize(static_cast<size_t>(count));
  return values;
}

/// `count` different single letters.
std::vector<std::string> draw_letters(CounterRandom& random, int count);
/// `count` different numbers of [low, high].
std::vector<int> draw_numbers(CounterRandom& random, int count, int low, int high);

}  // namespace cambium::data
