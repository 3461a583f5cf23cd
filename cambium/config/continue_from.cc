#include <algorithm>

#include "cambium/base/error.h"
#include "cambium/config/run_config.h"

namespace cambium::config {

growth::Policy growth_policy(const RunConfig& config) {
  const GrowthSection& growth = config.growth;
  return {.moments = growth.moments,
          .noise = growth.noise,
          .output_scale = growth.output_scale,
          .init_std = config.model.init_std,
          .seed = config.run.seed,
          .rewarmup_steps = growth.rewarmup_steps,
          .freeze_steps = growth.freeze_steps};
}

void continue_from(ResolvedSteps& steps, const BranchPoint& branch, const RunConfig& config) {
  if (branch.step >= steps.total) {
    bad_input(
        "`run.branch_from`: {} is at step {} already, and `train.steps` counts from the parent's start: expected "
        "more than {}, found {}",
        branch.from, branch.step, branch.step, steps.total);
  }
  // What the parent did at its last step is not done again.
  const auto is_past = [&](int64_t step, const auto& done, const auto& step_of) {
    return step < branch.step || (step == branch.step && !done.empty() && step_of(done.back()) == step);
  };
  std::erase_if(steps.events, [&](const growth::GrowthEvent& event) {
    return is_past(event.step, branch.events, [](const auto& done) { return done.step; });
  });
  std::erase_if(steps.symmetrized, [&](const growth::SymmetrizeEvent& event) {
    return is_past(event.step, branch.symmetrized, [](const auto& done) { return done.step; });
  });
  const auto final_layers = static_cast<int>(config.model.architecture.num_hidden_layers);
  const int next = steps.events.empty() ? final_layers : steps.events.front().from_layers;
  if (next != branch.layers) {
    bad_input(
        "`run.branch_from`: {} has {} layers after step {}, but the configuration goes on with {} "
        "(`model.num_hidden_layers` = {}, [growth])",
        branch.from, branch.layers, branch.step, next, final_layers);
  }
  steps.initial_layers = branch.events.empty() ? branch.layers : branch.events.front().from_layers;
  steps.events.insert(steps.events.begin(), branch.events.begin(), branch.events.end());
  steps.symmetrized.insert(steps.symmetrized.begin(), branch.symmetrized.begin(), branch.symmetrized.end());
  steps.first_step = branch.step;
}

}  // namespace cambium::config
