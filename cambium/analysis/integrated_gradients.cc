#include <algorithm>

#include "cambium/analysis/answer_gradient.h"
#include "cambium/analysis/batch.h"
#include "cambium/analysis/run.h"
#include "cambium/analysis/skip_prompts.h"
#include "cambium/analysis/sublayers.h"
#include "cambium/analysis/values.h"
#include "cambium/base/format.h"

namespace cambium::analysis {
namespace {

constexpr int64_t kSteps = 256, kAtOnce = 16;  // of Csordás et al. 2025
// Their prompts are a line too: the cost is steps · layers² / 2 passes of a layer and back.
constexpr int64_t kPrompts = 2, kTokens = 24, kAnswer = 4;

Prompt cut(const Prompt& prompt) {
  Prompt part = prompt;
  part.ids.resize(std::min(part.ids.size(), static_cast<size_t>(kTokens)));
  return part;
}

/// [T]: Σ over the stream's entries of (x - baseline) · mean over the steps of the gradient at baseline + r (x -
/// baseline).
at::Tensor attribution(AnswerGradient& answer, Part part, int64_t layer, const Sublayers& values) {
  const at::Tensor middle = values.h + values.a;
  const at::Tensor x = part == Part::kLayer ? middle + values.m : part == Part::kAttention ? values.a : values.m;
  const at::Tensor under = part == Part::kLayer ? at::zeros_like(x) : part == Part::kAttention ? values.h : middle;
  const at::Tensor difference = x - x.mean(0, /*keepdim=*/true), baseline = x - difference;
  at::Tensor sum = at::zeros(x.sizes(), x.options().dtype(at::kDouble));
  for (int64_t step = 0; step < kSteps; step += kAtOnce) {
    const at::Tensor share = at::arange(step, step + kAtOnce, x.options()).view({-1, 1, 1}) / kSteps;
    const at::Tensor streams = under + baseline + share * difference;  // [at once, T, d]
    const AnswerGradient::Result found =
        part == Part::kAttention ? answer.before_mlp(layer, streams) : answer.before_layer(layer + 1, streams);
    sum += found.gradient.sum(0, false, at::kDouble);
  }
  return (sum / kSteps * difference).sum(1);
}

}  // namespace

Values integrated_gradients(Context& context) {
  const int64_t layers = context.num_layers();
  std::vector<Prompt> prompts;
  for (const Prompt& prompt : context.prompts.prompts) {
    if (std::ssize(prompts) < kPrompts && std::ssize(prompt.ids) > kAnswer) {
      prompts.push_back(cut(prompt));
    }
  }
  context.partial.expect(layers * std::ssize(prompts), "layers of prompts");
  Values by_layer = Values::array();
  for (int64_t layer = 0; layer < layers; ++layer) {
    by_layer.push_back(Values::array());
  }
  at::Tensor size = at::zeros({layers}, at::kDouble);
  for (size_t i = 0; i < prompts.size(); ++i) {
    const at::Tensor ids = as_batch(prompts[i]);
    AnswerGradient answer(context.engine, ids, kAnswer);
    const Batch batch = make_batches(std::span(&prompts[i], 1), kTokens).front();
    for_each_layer(context.engine, batch, [&](int64_t layer, const Sublayers& values) {
      const Values found = context.partial.get(format("{} {}", i, layer), [&] {
        return to_json(attribution(answer, context.settings.part, layer, values));
      });
      by_layer[static_cast<size_t>(layer)].push_back(found);
      size[layer] += to_tensor(found).abs().sum() / static_cast<double>(prompts.size());
    });
  }
  return {{"attribution", by_layer}, {"size", to_json(size)}};
}

}  // namespace cambium::analysis
