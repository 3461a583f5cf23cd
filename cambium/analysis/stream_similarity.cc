#include <algorithm>
#include <limits>
#include <numbers>

#include "cambium/analysis/batch.h"
#include "cambium/analysis/run.h"
#include "cambium/analysis/values.h"
#include "cambium/base/format.h"

namespace cambium::analysis {
namespace {

/// Tokens that CKA looks at: its cost grows with their square.
constexpr int64_t kCkaTokens = 2048;

/// Calls use(streams of the real tokens [L + 1][tokens, hidden]) for every batch; sums what it gives.
template <typename Use>
at::Tensor sum_over_batches(Context& context, Use use) {
  const std::vector<Batch> batches = make_batches(context.prompts.prompts, context.settings.batch_tokens);
  context.partial.expect(static_cast<int64_t>(batches.size()), "batches");
  at::Tensor sum;
  for (const Batch& batch : batches) {
    std::vector<at::Tensor> streams = context.engine.streams(batch.ids);
    for (at::Tensor& stream : streams) {
      stream = batch.real(stream);
    }
    const at::Tensor part = use(streams);
    sum = sum.defined() ? sum + part : part;
    context.partial.step();
  }
  return sum;
}

}  // namespace

Values block_influence(Context& context) {
  const at::Tensor sum = sum_over_batches(context, [&](const std::vector<at::Tensor>& streams) {
    std::vector<at::Tensor> layers;
    for (size_t l = 0; l + 1 < streams.size(); ++l) {
      layers.push_back(cosines(streams[l], streams[l + 1]).sum(at::kDouble));
    }
    return at::stack(layers);
  });
  return {{"block_influence", to_json(1 - sum / static_cast<double>(context.prompts.tokens()))}};
}

Values angular_distance(Context& context) {
  const int64_t layers = context.num_layers();
  const at::Tensor sum = sum_over_batches(context, [&](const std::vector<at::Tensor>& streams) {
    at::Tensor table = at::zeros({layers, layers}, at::kDouble);
    for (int64_t l = 0; l < layers; ++l) {
      for (int64_t n = 1; l + n <= layers; ++n) {
        const at::Tensor cosine = cosines(streams[static_cast<size_t>(l)], streams[static_cast<size_t>(l + n)]);
        table[l][n - 1] = cosine.clamp(-1, 1).acos().sum(at::kDouble) / std::numbers::pi;
      }
    }
    return table;
  });
  at::Tensor mean = sum / static_cast<double>(context.prompts.tokens());
  for (int64_t l = 0; l < layers; ++l) {
    mean[l].narrow(0, layers - l, l).fill_(std::numeric_limits<double>::quiet_NaN());
  }
  return {{"angular_distance", to_json(mean)}};
}

Values linear_cka(Context& context) {
  // Rows of the first tokens, in the order of the prompts as they are batched.
  std::vector<at::Tensor> rows(static_cast<size_t>(context.num_layers() + 1));
  sum_over_batches(context, [&](const std::vector<at::Tensor>& streams) {
    for (size_t l = 0; l < streams.size(); ++l) {
      const int64_t held = rows[l].defined() ? rows[l].size(0) : 0;
      const at::Tensor more = streams[l].narrow(0, 0, std::clamp<int64_t>(kCkaTokens - held, 0, streams[l].size(0)));
      rows[l] = held == 0 ? more : at::cat({rows[l], more});
    }
    return at::zeros({1});
  });
  std::vector<at::Tensor> grams;  // [tokens²], centred, of norm 1: their products are the CKA
  for (const at::Tensor& x : rows) {
    const at::Tensor centred = x.to(at::kDouble) - x.to(at::kDouble).mean(0, true);
    const at::Tensor gram = at::mm(centred, centred.t()).flatten();
    grams.push_back((gram / gram.norm().clamp_min(1e-30)).to(at::kFloat));
  }
  const at::Tensor all = at::stack(grams);
  return {{"cka", to_json(at::mm(all, all.t()))}, {"tokens", rows[0].size(0)}};
}

}  // namespace cambium::analysis
