#include "cambium/data/synth/curriculum.h"
#include "cambium/data/synth/item.h"
#include "cambium/data/synth/primitives.h"
#include "cambium/data/synth/world.h"

namespace cambium::data {
namespace {

template <int kDepth, const PrimitiveForm& kForm>
SynthItem draw_assignment_item(CounterRandom& random, double) {
  return assignment_item(random, kDepth, kForm);
}

template <const PrimitiveForm& kForm>
SynthItem draw_school_math_item(CounterRandom& random, double) {
  return school_math_item(random, kForm);
}

}  // namespace

const std::vector<SynthTask>& synth_tasks() {
  static const std::vector<SynthTask> tasks = {
      {"copy-random-words", "ten words of three random letters, nine of them again: which comes next?", true,
       [](CounterRandom& random, double) { return copy_item(random, false); }},
      {"copy-real-words", "the same with English words", true,
       [](CounterRandom& random, double) { return copy_item(random, true); }},
      {"variable-assignment-depth-0-basic", "five variables hold numbers; one is asked for", true,
       draw_assignment_item<0, kBasicForm>},
      {"variable-assignment-depth-0-math", "the same as equations", true, draw_assignment_item<0, kMathForm>},
      {"variable-assignment-depth-0-code", "the same as a short program", true, draw_assignment_item<0, kCodeForm>},
      {"variable-assignment-depth-1-basic", "five variables hold numbers, five point to one of them each", true,
       draw_assignment_item<1, kBasicForm>},
      {"variable-assignment-depth-1-math", "the same as equations", true, draw_assignment_item<1, kMathForm>},
      {"variable-assignment-depth-1-code", "the same as a short program", true, draw_assignment_item<1, kCodeForm>},
      {"variable-assignment-depth-2-basic", "and five more point to one of the pointers each", true,
       draw_assignment_item<2, kBasicForm>},
      {"variable-assignment-depth-2-math", "the same as equations", true, draw_assignment_item<2, kMathForm>},
      {"variable-assignment-depth-2-code", "the same as a short program", true, draw_assignment_item<2, kCodeForm>},
      {"pre-school-math-basic", "two variables hold numbers, a third is their sum or difference", true,
       draw_school_math_item<kBasicForm>},
      {"pre-school-math-math", "the same as equations", true, draw_school_math_item<kMathForm>},
      {"world", "short texts in plain English: people, places, objects, animals, work, sums in words", false,
       [](CounterRandom& random, double) { return world_item(random); }},
      {"curriculum", "the quickstart's mixture: English and the primitives, easier forms first", false,
       curriculum_item},
  };
  return tasks;
}

}  // namespace cambium::data
