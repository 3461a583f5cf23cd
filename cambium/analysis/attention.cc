#include <algorithm>

#include "cambium/analysis/attention_maps.h"
#include "cambium/analysis/run.h"
#include "cambium/analysis/skip_prompts.h"
#include "cambium/base/format.h"
#include "cambium/base/random.h"

namespace cambium::analysis {
namespace {

enum Statistic { kDistance, kEntropy, kFirst, kOwn, kPrevious, kStatistics };

/// Random sequences of the induction score, each said twice.
constexpr int64_t kSequences = 4, kHalf = 32;

/// Sums over the tokens: [statistics, heads].
at::Tensor sums_of(const at::Tensor& p) {
  const int64_t tokens = p.size(1);
  const at::Tensor position = at::arange(tokens, at::kFloat);
  const at::Tensor behind = (position.unsqueeze(1) - position.unsqueeze(0)).clamp_min(0);
  const auto per_head = [](const at::Tensor& values) { return values.flatten(1).sum(1, false, at::kDouble); };
  at::Tensor sums = at::zeros({kStatistics, p.size(0)}, at::kDouble);
  sums[kDistance] = per_head(p * behind);
  sums[kEntropy] = per_head(at::special_entr(p));
  sums[kFirst] = per_head(p.select(2, 0));
  sums[kOwn] = per_head(at::diagonal(p, 0, 1, 2));
  sums[kPrevious] = per_head(at::diagonal(p, -1, 1, 2));
  return sums;
}

/// Mean attention, from the second saying of a random sequence, to the token behind the first saying of the same token
/// (Olsson et al. 2022): [layers, heads].
at::Tensor induction(Context& context) {
  at::Tensor sums = at::zeros({context.num_layers(), context.engine.model().config.num_attention_heads}, at::kDouble);
  for (int64_t s = 0; s < kSequences; ++s) {
    CounterRandom random(context.settings.seed, format("analysis.induction.{}", s));
    std::vector<int32_t> ids(2 * kHalf);
    for (size_t i = 0; i < kHalf; ++i) {
      ids[i] = ids[i + kHalf] =
          static_cast<int32_t>(random.below(static_cast<uint64_t>(context.engine.model().config.vocab_size)));
    }
    for_each_attention(context.engine, at::tensor(ids, at::kInt).view({1, -1}),
                       [&](int64_t layer, const at::Tensor& p) {
                         const at::Tensor matched = at::diagonal(p, 1 - kHalf, 1, 2);  // query i, key i - (half - 1)
                         sums[layer] += matched.narrow(1, 1, kHalf).mean(1, false, at::kDouble);
                       });
    context.partial.step();
  }
  return sums / static_cast<double>(kSequences);
}

}  // namespace

Values attention(Context& context) {
  const int64_t layers = context.num_layers(), heads = context.engine.model().config.num_attention_heads;
  at::Tensor sums = at::zeros({layers, kStatistics, heads}, at::kDouble);
  const std::vector<Prompt>& prompts = context.prompts.prompts;
  context.partial.expect(static_cast<int64_t>(prompts.size()) + kSequences, "sequences");
  for (size_t i = 0; i < prompts.size(); ++i) {
    const Values part = context.partial.get(format("{}", i), [&] {
      at::Tensor one = at::zeros_like(sums);
      for_each_attention(context.engine, as_batch(prompts[i]),
                         [&](int64_t layer, const at::Tensor& p) { one[layer] = sums_of(p); });
      return to_json(one);
    });
    sums += to_tensor(part);
  }
  const auto tokens = static_cast<double>(context.prompts.tokens());
  const auto mean = [&](Statistic statistic, double count) { return to_json(sums.select(1, statistic) / count); };
  Values values{{"distance", mean(kDistance, tokens)},
                {"entropy", mean(kEntropy, tokens)},
                {"first_token", mean(kFirst, tokens)},
                {"own_token", mean(kOwn, tokens)},
                {"previous_token", mean(kPrevious, static_cast<double>(context.prompts.targets()))},
                {"induction", to_json(induction(context))}};
  const std::vector<std::string> names{"distance", "entropy", "first_token", "own_token"};
  for (const std::string& name : names) {
    values["mean_" + name] = to_json(to_tensor(values.at(name)).mean(1));
  }
  return values;
}

}  // namespace cambium::analysis
