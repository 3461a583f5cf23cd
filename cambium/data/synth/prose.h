#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cambium/base/random.h"

namespace cambium::data {

/// Values of a sentence's blanks.
using Slots = std::vector<std::pair<std::string_view, std::string>>;

/// Replaces {key} by its value and {a:key} by the value behind "a" or "an". Throws Error for a key that is missing.
std::string fill(std::string_view pattern, const Slots& slots);

/// A text that grows sentence by sentence, each drawn among wordings.
class Prose {
 public:
  explicit Prose(CounterRandom& random) : random_(random) {}

  /// Appends one of the wordings, filled, with a capital letter in front.
  void say(std::initializer_list<std::string_view> wordings, const Slots& slots = {});
  /// The next sentence begins a new line.
  void new_line() { separator_ = "\n"; }
  bool chance(double probability) { return random_.uniform() < probability; }
  CounterRandom& random() { return random_; }
  std::string text() && { return std::move(text_); }

 private:
  CounterRandom& random_;
  std::string text_;
  std::string_view separator_;
};

}  // namespace cambium::data
