#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cambium/base/random.h"
#include "cambium/data/synth/item.h"
#include "cambium/data/synth/templates.h"

namespace cambium::data {

/// Variables that hold numbers or point to earlier ones; `lines` in the order in which they are written.
struct Assignment {
  struct Line {
    std::string name;
    std::string right;  ///< a number or a name
    int value;
    int depth;  ///< pointers to follow until the number
  };
  std::vector<Line> lines;
  std::string canonical;  ///< names replaced by the order in which they appear
};
/// `per_depth` variables hold numbers of [1, largest], and for each depth from 1 to `depth` as many point to one of the
/// depth below each. Lines of one depth stand together, in random order.
Assignment draw_assignment(CounterRandom& random, int depth, int per_depth, int largest);

/// `count` words of three random letters, or different words of the lexicon.
std::vector<std::string> draw_random_words(CounterRandom& random, int count);
std::vector<std::string> draw_real_words(CounterRandom& random, int count);

/// A line of arithmetic: two numbers and a third variable made from them.
struct SchoolMath {
  std::string first, second, result;  ///< names
  int first_value, second_value, value;
  std::string expression;
  std::string canonical;
};
SchoolMath draw_school_math(CounterRandom& random, int largest);

/// `text`, `prompt` and `answer` of an item from its parts.
SynthItem answered(std::string task, std::string prompt, std::string answer, std::string canonical);

SynthItem copy_item(CounterRandom& random, bool real_words, const PrimitiveTemplates& templates);
SynthItem assignment_item(CounterRandom& random, int depth, const PrimitiveForm& form,
                          const PrimitiveTemplates& templates);
SynthItem school_math_item(CounterRandom& random, const PrimitiveForm& form, const PrimitiveTemplates& templates);

}  // namespace cambium::data
