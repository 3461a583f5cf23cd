#include "cambium/analysis/run.h"
#include "cambium/analysis/skip_prompts.h"
#include "cambium/base/format.h"

namespace cambium::analysis {
namespace {

void raise(at::Tensor& largest, const at::Tensor& now) {
  largest = largest.defined() ? at::maximum(largest, now) : now;
}

/// Largest over the prompts of one variant, a unit a prompt.
template <typename Compute>
SkipEffect largest_of(Context& context, const std::string& variant, Compute compute) {
  SkipEffect largest;
  for (size_t i = 0; i < context.prompts.prompts.size(); ++i) {
    const Prompt& prompt = context.prompts.prompts[i];
    const Values values = context.partial.get(format("{} {}", variant, i), [&] {
      const SkipEffect effect = compute(as_batch(prompt), prompt.cuts);
      return Values{{"layer", to_json(effect.layer)}, {"logit", to_json(effect.logit)}};
    });
    raise(largest.layer, to_tensor(values.at("layer")));
    raise(largest.logit, to_tensor(values.at("logit")));
  }
  return largest;
}

}  // namespace

Values skip_effect(Context& context) {
  SkipEffect future;
  for_each_skip_effect(context, [&](const Prompt&, const SkipEffect& effect) {
    raise(future.layer, effect.layer);
    raise(future.logit, effect.logit);
  });
  return {{"layer_effect", to_json(future.layer)}, {"logit_effect", to_json(future.logit)}};
}

Values skip_effect_current(Context& context) {
  const Part part = context.settings.part;
  context.partial.expect(static_cast<int64_t>(context.prompts.prompts.size()), "prompts");
  const SkipEffect current = largest_of(context, "current", [&](const at::Tensor& ids, const std::vector<int64_t>&) {
    return skip_current(context.engine, ids, part);
  });
  return {{"layer_effect", to_json(current.layer)}, {"logit_effect", to_json(current.logit)}};
}

Values skip_effect_local(Context& context) {
  const Part part = context.settings.part;
  context.partial.expect(static_cast<int64_t>(context.prompts.prompts.size()), "prompts");
  const SkipEffect local = largest_of(context, "local", [&](const at::Tensor& ids, const std::vector<int64_t>& cuts) {
    return skip_local(context.engine, ids, cuts, part);
  });
  return {{"layer_effect", to_json(local.layer)}};
}

}  // namespace cambium::analysis
