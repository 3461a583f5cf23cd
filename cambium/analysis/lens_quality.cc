#include "cambium/analysis/lens_quality.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "cambium/analysis/values.h"
#include "cambium/base/format.h"

namespace cambium::analysis {
namespace {

constexpr int64_t kTop = 5;
/// Rows whose logits are held at a time, of the final distribution and of one layer.
constexpr int64_t kRowsAtOnce = 256;

enum Column { kKl, kOverlap, kAgreement, kCrossEntropy, kAccuracy, kColumns };

/// The final distribution of some tokens.
struct Final {
  at::Tensor log_probs;  ///< [n, vocab]
  at::Tensor top;        ///< [n, 5] ids, best first
  at::Tensor targets;    ///< [n], -1: none
};

/// Sums over the tokens of each column. A few rows at a time, so that they stay in the cache.
void compare(const at::Tensor& logits, const Final& final, at::Tensor sums) {
  const int64_t n = logits.size(0);
  at::Tensor each = at::zeros({n, kColumns}, at::kDouble);
  at::parallel_for(0, n, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const at::Tensor log_q = at::log_softmax(logits[i], -1);
      const int64_t top = final.top.size(1);
      const at::Tensor best = std::get<1>(log_q.topk(top));
      const int64_t* mine = best.const_data_ptr<int64_t>();
      const int64_t* theirs = final.top.const_data_ptr<int64_t>() + i * top;
      double* out = each.mutable_data_ptr<double>() + i * kColumns;
      out[kKl] = log_q.exp().mul_(log_q - final.log_probs[i]).sum(at::kDouble).item<double>();
      out[kOverlap] =
          static_cast<double>(std::count_if(
              mine, mine + top, [&](int64_t id) { return std::find(theirs, theirs + top, id) != theirs + top; })) /
          static_cast<double>(top);
      out[kAgreement] = mine[0] == theirs[0] ? 1 : 0;
      if (const int32_t target = final.targets.const_data_ptr<int32_t>()[i]; target >= 0) {
        out[kCrossEntropy] = -log_q.const_data_ptr<float>()[target];
        out[kAccuracy] = mine[0] == target ? 1 : 0;
      }
    }
  });
  sums += each.sum(0);
}

}  // namespace

Values lens_quality(Context& context, const Translate& translate, const std::string& units) {
  Engine& engine = context.engine;
  const int64_t layers = context.num_layers();
  at::Tensor sums = at::zeros({layers + 1, kColumns}, at::kDouble);
  const std::vector<Batch> batches = make_batches(context.prompts.prompts, context.settings.batch_tokens);
  context.partial.expect(static_cast<int64_t>(batches.size()), "batches");
  for (size_t b = 0; b < batches.size(); ++b) {
    const Batch& batch = batches[b];
    const Values found = context.partial.get(format("{}{}", units, b), [&] {
      at::Tensor part = at::zeros_like(sums);
      std::vector<at::Tensor> streams = engine.streams(batch.ids);
      for (at::Tensor& stream : streams) {
        stream = batch.real(stream);
      }
      const at::Tensor targets = batch.real(batch.targets).view({-1});
      const int64_t tokens = targets.size(0);
      for (int64_t first = 0; first < tokens; first += kRowsAtOnce) {
        const int64_t count = std::min(kRowsAtOnce, tokens - first);
        Final final{.log_probs = at::log_softmax(engine.logits(streams.back().narrow(0, first, count)), -1),
                    .top = {},
                    .targets = targets.narrow(0, first, count).contiguous()};
        final.top = std::get<1>(final.log_probs.topk(std::min(kTop, final.log_probs.size(1))));
        for (int64_t layer = 0; layer <= layers; ++layer) {
          at::Tensor rows = streams[static_cast<size_t>(layer)].narrow(0, first, count);
          if (layer < layers) {
            rows = translate(layer, rows);
          }
          compare(engine.logits(rows), final, part[layer]);
        }
      }
      return to_json(part);
    });
    sums += to_tensor(found);
  }
  const auto tokens = static_cast<double>(context.prompts.tokens());
  const auto targets = static_cast<double>(context.prompts.targets());  // 0 / 0 gives null
  const at::Tensor means = sums / at::tensor({tokens, tokens, tokens, targets, targets}, at::kDouble);
  Values values;
  for (const auto& [name, column] :
       {std::pair{"kl", kKl}, std::pair{"top5_overlap", kOverlap}, std::pair{"top1_agreement", kAgreement},
        std::pair{"cross_entropy", kCrossEntropy}, std::pair{"accuracy", kAccuracy}}) {
    values[name] = to_json(means.select(1, column));
  }
  return values;
}

}  // namespace cambium::analysis
