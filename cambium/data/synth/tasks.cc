#include "cambium/base/format.h"
#include "cambium/data/synth/curriculum.h"
#include "cambium/data/synth/item.h"
#include "cambium/data/synth/primitives.h"
#include "cambium/data/synth/world.h"

namespace cambium::data {
namespace {

std::string about_assignment(int depth, const std::string& form, const PrimitiveTemplates& templates) {
  const int count = templates.variables_per_depth;
  std::string what = format("{} variables hold numbers", count);
  for (int level = 1; level <= depth; ++level) {
    what += format(", {} point to one of {}", count, level == 1 ? "these" : "those");
  }
  return what + "; one of the last is asked for, in the form " + form;
}

}  // namespace

std::vector<SynthTask> synth_tasks_of(const PrimitiveTemplates& templates) {
  std::vector<SynthTask> tasks;
  for (const bool real : {false, true}) {
    tasks.push_back({format("copy-{}-words", real ? "real" : "random"),
                     format("{} {}, all but the last again: which comes next?", templates.copy_words,
                            real ? "English words" : "words of three random letters"),
                     true, [=](CounterRandom& random, double) { return copy_item(random, real, templates); }});
  }
  for (const int depth : templates.assignment_depths) {
    for (const std::string& name : templates.assignment_forms) {
      tasks.push_back({format("variable-assignment-depth-{}-{}", depth, name), about_assignment(depth, name, templates),
                       true, [=, form = templates.form(name)](CounterRandom& random, double) {
                         return assignment_item(random, depth, form, templates);
                       }});
    }
  }
  for (const std::string& name : templates.school_math_forms) {
    tasks.push_back({"pre-school-math-" + name,
                     "two variables hold numbers, a third is their sum or difference; form " + name, true,
                     [=, form = templates.form(name)](CounterRandom& random, double) {
                       return school_math_item(random, form, templates);
                     }});
  }
  tasks.push_back({"world", "short texts in plain English: people, places, objects, animals, work, sums in words",
                   false, [](CounterRandom& random, double) { return world_item(random); }});
  tasks.push_back({"curriculum", "the quickstart's mixture: English and the primitives, easier forms first", false,
                   curriculum_item});
  return tasks;
}

const std::vector<SynthTask>& synth_tasks() {
  static const std::vector<SynthTask> tasks = synth_tasks_of(published_templates());
  return tasks;
}

}  // namespace cambium::data
