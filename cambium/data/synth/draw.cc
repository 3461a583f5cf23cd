#include "cambium/data/synth/draw.h"

#include <numeric>

namespace cambium::data {

std::vector<std::string> draw_letters(CounterRandom& random, int count) {
  std::vector<std::string> letters;
  for (char letter = 'a'; letter <= 'z'; ++letter) letters.emplace_back(1, letter);
  return draw_distinct(random, letters, count);
}

std::vector<int> draw_numbers(CounterRandom& random, int count, int low, int high) {
  std::vector<int> numbers(static_cast<size_t>(high - low + 1));
  std::iota(numbers.begin(), numbers.end(), low);
  return draw_distinct(random, numbers, count);
}

}  // namespace cambium::data
