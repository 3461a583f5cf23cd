#include <algorithm>

#include "cambium/analysis/run.h"
#include "cambium/analysis/skip_prompts.h"
#include "cambium/base/format.h"

namespace cambium::analysis {
namespace {

/// Parts of a prompt that effects are shown for, and tokens of the answer at its end.
constexpr int64_t kParts = 10, kAnswerTokens = 4;

/// Mean of the stream before every layer, and of the last, over all tokens of all prompts: [L + 1, hidden].
at::Tensor mean_streams(Context& context) {
  at::Tensor sum;
  for (const Prompt& prompt : context.prompts.prompts) {
    std::vector<at::Tensor> rows;
    for (const at::Tensor& stream : context.engine.streams(as_batch(prompt))) {
      rows.push_back(stream[0].sum(0, false, at::kDouble));
    }
    sum = sum.defined() ? sum + at::stack(rows) : at::stack(rows);
  }
  return (sum / static_cast<double>(context.prompts.tokens())).to(at::kFloat);
}

/// effect [L + 1, T]: largest change of the answer's distributions when the stream of token t before layer l is `mean`.
at::Tensor erase_each(Engine& engine, const at::Tensor& ids, const at::Tensor& mean, int64_t batch_tokens) {
  const int64_t layers = engine.num_layers(), tokens = ids.size(1);
  const int64_t answer = std::min(kAnswerTokens, tokens - 1), first = tokens - 1 - answer;
  const std::vector<at::Tensor> streams = engine.streams(ids);
  const auto answers = [&](const at::Tensor& stream) {  // [n, answer, vocab]
    const at::Tensor rows = stream.narrow(1, first, answer);
    return at::softmax(engine.logits(rows.reshape({-1, stream.size(2)})), -1).view({stream.size(0), answer, -1});
  };
  const at::Tensor usual = answers(streams.back());
  const int64_t at_once = std::max<int64_t>(1, batch_tokens / tokens);
  at::Tensor effect = at::zeros({layers + 1, tokens}, at::kDouble);
  for (int64_t layer = 0; layer <= layers; ++layer) {
    std::vector<int> rest;
    for (int64_t l = layer; l < layers; ++l) {
      rest.push_back(static_cast<int>(l));
    }
    // The last token predicts nothing that is asked for.
    for (int64_t begin = 0; begin < tokens - 1; begin += at_once) {
      const int64_t count = std::min(at_once, tokens - 1 - begin);
      at::Tensor stream = streams[static_cast<size_t>(layer)].repeat({count, 1, 1});
      for (int64_t i = 0; i < count; ++i) {
        stream[i][begin + i].copy_(mean[layer]);
      }
      const at::Tensor change = norms(answers(engine.run(stream, rest)) - usual).amax(1);
      effect[layer].narrow(0, begin, count).copy_(change);
    }
  }
  return effect;
}

}  // namespace

Values residual_erasure(Context& context) {
  const std::vector<Prompt>& prompts = context.prompts.prompts;
  const int64_t layers = context.num_layers();
  context.partial.expect(static_cast<int64_t>(prompts.size()), "prompts");
  const at::Tensor mean = mean_streams(context);
  at::Tensor largest = at::zeros({layers + 1, kParts}, at::kDouble);
  for (size_t i = 0; i < prompts.size(); ++i) {
    const auto tokens = static_cast<int64_t>(prompts[i].ids.size());
    if (tokens < 2) {
      continue;
    }
    const at::Tensor effect = to_tensor(context.partial.get(format("{}", i), [&] {
      return to_json(erase_each(context.engine, as_batch(prompts[i]), mean, context.settings.batch_tokens));
    }));
    for (int64_t t = 0; t + 1 < tokens; ++t) {
      at::Tensor column = largest.select(1, t * kParts / (tokens - 1));
      column.copy_(at::maximum(column, effect.select(1, t)));
    }
  }
  return {{"effect", to_json(largest.amax(1))}, {"effect_by_part", to_json(largest)}};
}

}  // namespace cambium::analysis
