#include "cambium/data/synth/curriculum.h"

#include <algorithm>
#include <string>
#include <vector>

#include "cambium/base/format.h"
#include "cambium/base/text.h"
#include "cambium/data/synth/draw.h"
#include "cambium/data/synth/primitives.h"
#include "cambium/data/synth/prose.h"
#include "cambium/data/synth/world.h"

namespace cambium::data {
namespace {

SynthItem plain(std::string task, std::string text, std::string canonical) {
  return {std::move(task), std::move(text), "", "", std::move(canonical)};
}

const PrimitiveTemplates& published() { return published_templates(); }
const PrimitiveForm& basic() { return published().form("basic"); }
const PrimitiveForm& math_form() { return published().form("math"); }
const PrimitiveForm& code() { return published().form("code"); }

/// A size that begins at `low` and may reach `high` at the end.
int growing(CounterRandom& random, double progress, int low, int high) {
  const int top = low + static_cast<int>(progress * (high - low) + 0.5);
  return draw_between(random, low, std::max(low + 1, top));
}

int largest_number(double progress) { return progress < 0.3 ? 9 : published().largest_number; }

/// "door plum seven" on one line and again on the next.
SynthItem repeated_words(CounterRandom& random, double progress) {
  const int count = growing(random, progress, 3, published().copy_words);
  const auto words = random.below(3) == 0 ? draw_random_words(random, count) : draw_real_words(random, count);
  const std::string line = join(words, " ");
  return plain("curriculum-repeat", line + "\n" + line, "copy " + line);
}

SynthItem copying(CounterRandom& random, double) { return copy_item(random, random.below(2) == 0, published()); }

/// "u 7 i 4 o 9" and the same pairs in another order: the value stands right behind the name.
SynthItem pairs(CounterRandom& random, double progress) {
  const Assignment assignment = draw_assignment(random, 0, growing(random, progress, 2, 5), largest_number(progress));
  const bool lines = progress > 0.15 && random.below(2) == 0;
  std::vector<std::string> said;
  for (const auto& line : assignment.lines) said.push_back(line.name + (lines ? "=" : " ") + line.right);
  std::string text;
  for (int i = 0; i < 3; ++i) {
    text += (i == 0 ? "" : "\n") + join(said, lines ? "\n" : " ");
    shuffle(random, said);
  }
  return plain("curriculum-pairs", text, assignment.canonical);
}

/// A context as in the primitives, with fewer variables, each of which is asked for, in random order.
SynthItem questions(CounterRandom& random, double progress, int depth) {
  const PrimitiveForm* const forms[] = {&basic(), &basic(), &math_form(), &code()};
  const PrimitiveForm& form = *forms[random.below(progress < 0.3 ? 2 : 4)];
  const Assignment assignment = draw_assignment(
      random, depth, growing(random, progress, 1, published().variables_per_depth), largest_number(progress));
  std::string text = form.head;
  for (const auto& line : assignment.lines) text += line.name + "=" + line.right + "\n";
  auto asked = assignment.lines;
  shuffle(random, asked);
  for (size_t i = 0; i < std::min<size_t>(asked.size(), 6); ++i) {
    text += (i == 0 ? "" : "\n") + fill(form.question, {{"name", asked[i].name}}) +
            fill(form.answer, {{"value", std::to_string(asked[i].value)}});
  }
  return plain(format("curriculum-depth-{}", depth), text, assignment.canonical);
}

SynthItem flat_questions(CounterRandom& random, double progress) { return questions(random, progress, 0); }
SynthItem deep_questions(CounterRandom& random, double progress) {
  return questions(random, progress, draw_between(random, 1, 2));
}

SynthItem full_assignment(CounterRandom& random, double) {
  const PrimitiveForm* const forms[] = {&basic(), &math_form(), &code()};
  const PrimitiveForm& form = *draw_from(random, forms);
  return assignment_item(random, draw_between(random, 0, 2), form, published());
}

/// Several sums, each with the two numbers spelled out before the names come in.
SynthItem sums(CounterRandom& random, double progress) {
  const SchoolMath math = draw_school_math(random, largest_number(progress));
  std::string numbers = math.expression;
  numbers.replace(numbers.find(math.first), 1, std::to_string(math.first_value));
  numbers.replace(numbers.find(math.second, numbers.find_last_of("+-")), 1, std::to_string(math.second_value));
  const std::string text = format("{}={}\n{}={}\n{}={}\n{}={}={}", math.first, math.first_value, math.second,
                                  math.second_value, math.result, math.expression, math.result, numbers, math.value);
  return plain("curriculum-sums", text, math.canonical);
}

SynthItem school_math(CounterRandom& random, double) {
  return school_math_item(random, random.below(2) == 0 ? basic() : math_form(), published());
}

SynthItem english(CounterRandom& random, double) { return world_item(random); }

/// Share of each form among the texts at the start and at the end; linear in between.
struct Share {
  SynthItem (*draw)(CounterRandom&, double);
  double at_start, at_end;
};
// Copying takes the largest share: in the few minutes of a quickstart it is the primitive that is learned.
constexpr Share kShares[] = {
    {english, 26, 28},      {repeated_words, 16, 6}, {copying, 34, 44}, {pairs, 14, 4},      {flat_questions, 4, 5},
    {deep_questions, 0, 2}, {full_assignment, 0, 6}, {sums, 4, 3},      {school_math, 0, 2},
};

}  // namespace

SynthItem curriculum_item(CounterRandom& random, double progress) {
  double total = 0;
  const auto share = [&](const Share& s) { return s.at_start + (s.at_end - s.at_start) * progress; };
  for (const Share& s : kShares) total += share(s);
  double ticket = random.uniform() * total;
  for (const Share& s : kShares) {
    ticket -= share(s);
    if (ticket < 0) return s.draw(random, progress);
  }
  return english(random, progress);
}

}  // namespace cambium::data
