#include "cambium/data/synth/primitives.h"

#include <array>

#include "cambium/base/error.h"
#include "cambium/base/text.h"
#include "cambium/data/synth/draw.h"
#include "cambium/data/synth/lexicon.h"
#include "cambium/data/synth/prose.h"

namespace cambium::data {
namespace {

std::string ask(const PrimitiveForm& form, const std::string& lines, const std::string& name) {
  return form.head + lines + fill(form.question, {{"name", name}});
}

}  // namespace

SynthItem answered(std::string task, std::string prompt, std::string answer, std::string canonical) {
  return {std::move(task), prompt + answer, prompt, answer, std::move(canonical)};
}

std::vector<std::string> draw_random_words(CounterRandom& random, int count) {
  std::vector<std::string> words;
  for (int i = 0; i < count; ++i) words.push_back(join(draw_letters(random, 3), ""));
  return words;
}

std::vector<std::string> draw_real_words(CounterRandom& random, int count) {
  return draw_distinct(random, plain_words(), count);
}

SynthItem copy_item(CounterRandom& random, bool real_words, const PrimitiveTemplates& templates) {
  const int count = templates.copy_words;
  auto words = real_words ? draw_real_words(random, count) : draw_random_words(random, count);
  const std::string sequence = join(words, " ");
  const std::string answer = fill(templates.copy_answer, {{"word", words.back()}});
  words.pop_back();
  return answered(real_words ? "copy-real-words" : "copy-random-words",
                  fill(templates.copy_text, {{"words", sequence}, {"again", join(words, " ")}}), answer,
                  "copy " + sequence);
}

Assignment draw_assignment(CounterRandom& random, int depth, int per_depth, int largest) {
  const auto letters = draw_letters(random, (depth + 1) * per_depth);
  const auto numbers = draw_numbers(random, per_depth, 1, largest);
  Assignment result;
  for (int level = 0; level <= depth; ++level) {
    std::vector<Assignment::Line> lines;
    std::vector<int> targets(static_cast<size_t>(per_depth));
    for (int i = 0; i < per_depth; ++i) targets[static_cast<size_t>(i)] = i;
    shuffle(random, targets);
    for (int i = 0; i < per_depth; ++i) {
      const std::string& name = letters[static_cast<size_t>(level * per_depth + i)];
      if (level == 0) {
        const int value = numbers[static_cast<size_t>(i)];
        lines.push_back({name, std::to_string(value), value, 0});
      } else {
        const auto& target =
            result.lines[static_cast<size_t>((level - 1) * per_depth + targets[static_cast<size_t>(i)])];
        lines.push_back({name, target.name, target.value, level});
      }
    }
    result.lines.insert(result.lines.end(), lines.begin(), lines.end());
  }
  // A pointer's target is written as the number of its line: the names do not matter.
  result.canonical = "assign";
  for (const auto& line : result.lines) {
    std::string right = line.right;
    for (size_t i = 0; line.depth > 0 && i < result.lines.size(); ++i) {
      if (result.lines[i].name == line.right) right = format("#{}", i);
    }
    result.canonical += " " + right;
  }
  return result;
}

SynthItem assignment_item(CounterRandom& random, int depth, const PrimitiveForm& form,
                          const PrimitiveTemplates& templates) {
  const int per_depth = templates.variables_per_depth;
  const Assignment assignment = draw_assignment(random, depth, per_depth, templates.largest_number);
  std::string lines;
  for (const auto& line : assignment.lines) lines += line.name + "=" + line.right + "\n";
  // The question goes to one of the deepest variables, which stand last.
  const size_t asked = assignment.lines.size() - 1 - random.below(static_cast<uint64_t>(per_depth));
  const auto& line = assignment.lines[asked];
  return answered(format("variable-assignment-depth-{}-{}", depth, form.name), ask(form, lines, line.name),
                  fill(form.answer, {{"value", std::to_string(line.value)}}), assignment.canonical);
}

SchoolMath draw_school_math(CounterRandom& random, int largest) {
  const auto names = draw_letters(random, 3);
  SchoolMath math{names[0], names[1], names[2], draw_between(random, 1, largest), draw_between(random, 1, largest),
                  0,        "",       ""};
  const uint64_t kind = random.below(2);
  std::string sign = "+";
  if (kind == 0) {
    math.value = math.first_value + math.second_value;
    math.expression = math.first + "+" + math.second;
  } else if (math.first_value >= math.second_value) {
    math.value = math.first_value - math.second_value;
    math.expression = math.first + "-" + math.second;
    sign = "-";
  } else {
    math.value = math.second_value - math.first_value;
    math.expression = "-" + math.first + "+" + math.second;
    sign = "-";
  }
  math.canonical = format("math {}{}{}", math.first_value, sign, math.second_value);
  return math;
}

SynthItem school_math_item(CounterRandom& random, const PrimitiveForm& form, const PrimitiveTemplates& templates) {
  const SchoolMath math = draw_school_math(random, templates.largest_number);
  const std::string lines = format("{}={}\n{}={}\n{}={}\n", math.first, math.first_value, math.second,
                                   math.second_value, math.result, math.expression);
  return answered(format("pre-school-math-{}", form.name), ask(form, lines, math.result),
                  fill(form.answer, {{"value", std::to_string(math.value)}}), math.canonical);
}

}  // namespace cambium::data
