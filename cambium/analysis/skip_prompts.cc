#include "cambium/analysis/skip_prompts.h"

#include <algorithm>

#include "cambium/base/error.h"

namespace cambium::analysis {

at::Tensor as_batch(const Prompt& prompt) {
  return at::tensor(prompt.ids, at::kInt).view({1, static_cast<int64_t>(prompt.ids.size())});
}

void for_each_skip_effect(Context& context,
                          const std::function<void(const Prompt& prompt, const SkipEffect& effect)>& visit) {
  const std::vector<Prompt>& prompts = context.prompts.prompts;
  const auto with_cuts = std::count_if(prompts.begin(), prompts.end(), [](const Prompt& p) { return !p.cuts.empty(); });
  if (with_cuts == 0) {
    bad_input("{}: no prompt has a cut position: expected one of at least 13 tokens, or `cuts`",
              context.prompts.source);
  }
  context.partial.expect(with_cuts, "prompts");
  const auto compute = context.settings.plain ? skip_future_plain : skip_future;
  for (size_t i = 0; i < prompts.size(); ++i) {
    if (prompts[i].cuts.empty()) {
      continue;
    }
    const Values values = context.partial.get(format("{}", i), [&] {
      const SkipEffect effect = compute(context.engine, as_batch(prompts[i]), prompts[i].cuts, context.settings.part);
      return Values{{"layer", to_json(effect.layer)}, {"logit", to_json(effect.logit)}};
    });
    visit(prompts[i], {.layer = to_tensor(values.at("layer")), .logit = to_tensor(values.at("logit"))});
  }
}

}  // namespace cambium::analysis
