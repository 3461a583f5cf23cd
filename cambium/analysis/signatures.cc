#include <algorithm>
#include <cmath>
#include <limits>

#include "cambium/analysis/depth_score.h"
#include "cambium/analysis/orders.h"
#include "cambium/analysis/run.h"
#include "cambium/analysis/skip_prompts.h"
#include "cambium/analysis/sublayers.h"
#include "cambium/base/format.h"
#include "cambium/base/random.h"

namespace cambium::analysis {
namespace {

constexpr int64_t kResamples = 1000;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// How often each prompt was drawn, with replacement: the first row as they are, then the resamples. [R + 1, prompts].
at::Tensor draws(int64_t prompts, uint64_t seed) {
  at::Tensor counts = at::zeros({kResamples + 1, prompts}, at::kDouble);
  counts[0].fill_(1);
  CounterRandom random(seed, "analysis.bootstrap");
  double* row = counts.mutable_data_ptr<double>();
  for (int64_t r = 1; r <= kResamples; ++r) {
    row += prompts;
    for (int64_t i = 0; i < prompts; ++i) {
      row[random.below(static_cast<uint64_t>(prompts))] += 1;
    }
  }
  return counts;
}

/// Adds a number with its 95 % interval (percentiles of the resamples) and the verdict: does it lie on the side of the
/// threshold on which the signature is? "uncertain" where the interval holds the threshold, "unknown" without a number.
void add_verdict(Values& values, const std::string& name, const at::Tensor& samples, double threshold, bool above) {
  std::vector<double> sorted;
  const at::Tensor on_cpu = samples.to(at::kDouble).contiguous();
  for (int64_t i = 1; i < on_cpu.numel(); ++i) {
    if (const double value = on_cpu.const_data_ptr<double>()[i]; std::isfinite(value)) {
      sorted.push_back(value);
    }
  }
  std::sort(sorted.begin(), sorted.end());
  const auto at_share = [&](double share) {
    return sorted.empty() ? kNan : sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
  };
  const double low = at_share(0.025), high = at_share(0.975);
  const bool surely = above ? low > threshold : high < threshold,
             surely_not = above ? high <= threshold : low >= threshold;
  values[name] = to_json(on_cpu[0]);
  values[name + "_interval"] = to_json(at::tensor({low, high}, at::kDouble));
  values[name + "_threshold"] = threshold;
  values[name + "_verdict"] = !std::isfinite(on_cpu[0].item<double>()) ? "unknown"
                              : surely                                 ? "present"
                              : surely_not                             ? "absent"
                                                                       : "uncertain";
}

/// The depth score's layer effects of each prompt with cuts: [prompts with cuts, layers].
at::Tensor effects(Context& context) {
  std::vector<at::Tensor> rows;
  for_each_skip_effect(
      context, [&](const Prompt&, const SkipEffect& effect) { rows.push_back(mean_effect_on_later(effect.layer)); });
  return at::stack(rows);
}

/// Sums over each prompt's tokens: cosine of attention and stream [prompts, layers], and whether the stream before each
/// layer and the last already gives the final token [prompts, layers + 1].
struct StreamSums {
  at::Tensor cosine, agreement;
};

StreamSums stream_sums(Context& context) {
  std::vector<at::Tensor> cosine, agreement;
  for (const Prompt& prompt : context.prompts.prompts) {
    const Batch batch = make_batches({&prompt, 1}, 1).front();
    at::Tensor row = at::zeros({context.num_layers()}, at::kDouble);
    std::vector<at::Tensor> best;
    for_each_layer(context.engine, batch, [&](int64_t layer, const Sublayers& values) {
      row[layer] = cosines(values.a, values.h).sum(at::kDouble);
      best.push_back(context.engine.logits(values.h).argmax(-1));
      if (layer + 1 == context.num_layers()) {
        best.push_back(context.engine.logits(values.h + values.a + values.m).argmax(-1));
      }
    });
    cosine.push_back(row);
    agreement.push_back(at::stack(best).eq(best.back()).to(at::kDouble).sum(1));
    context.partial.step();
  }
  return {.cosine = at::stack(cosine), .agreement = at::stack(agreement)};
}

/// Block `to` replaced by block `from`.
Order replaced(int64_t layers, int64_t block, int64_t to, int64_t from) {
  Order order = plain(layers);
  for (int64_t i = 0; i < block; ++i) {
    order[static_cast<size_t>(to * block + i)] = static_cast<int>(from * block + i);
  }
  return order;
}

}  // namespace

Values signatures(Context& context) {
  const int64_t layers = context.num_layers(), block = context.settings.block_size;
  const int64_t blocks = block > 0 ? layers / block : 0;
  const std::vector<Prompt>& prompts = context.prompts.prompts;
  const auto count = static_cast<int64_t>(prompts.size());
  std::vector<double> lengths;
  for (const Prompt& prompt : prompts) {
    lengths.push_back(static_cast<double>(prompt.ids.size()));
  }
  const at::Tensor tokens = at::tensor(lengths, at::kDouble), weights = draws(count, context.settings.seed);
  const at::Tensor token_counts = at::mv(weights, tokens), target_counts = at::mv(weights, tokens - 1);
  Values values;

  const at::Tensor e = effects(context);
  const at::Tensor means = at::mm(draws(e.size(0), context.settings.seed), e);
  const at::Tensor scores = at::mv(means, at::arange(layers, at::kDouble)) / means.sum(1);
  add_verdict(values, "curse_of_depth", scores / (static_cast<double>(layers - 1) / 2), 0.8, /*above=*/false);

  const StreamSums sums = stream_sums(context);
  const at::Tensor agreement = at::mm(weights, sums.agreement) / token_counts.unsqueeze(1);
  // argmax of a table of 0 and 1 is the first 1.
  const at::Tensor exit = agreement.ge(0.9).to(at::kInt).argmax(1).to(at::kDouble);
  add_verdict(values, "early_exit", exit / static_cast<double>(layers), 0.5, /*above=*/false);

  std::vector<Order> orders{plain(layers)};
  for (int64_t layer = 0; layer < layers; ++layer) {
    orders.push_back(removed(layers, layer, 1));
  }
  if (blocks >= 2) {
    std::vector<int> backwards;
    for (int64_t b = blocks; b-- > 0;) {
      backwards.push_back(static_cast<int>(b));
    }
    orders.push_back(blocks_ordered(layers, block, backwards));
    for (int64_t b = 0; b + 1 < blocks; ++b) {
      orders.push_back(replaced(layers, block, b, b + 1));
      orders.push_back(replaced(layers, block, b + 1, b));
    }
  }
  // [R + 1, orders]: nats a token above the plain order.
  const at::Tensor losses = order_losses(context, orders);
  const at::Tensor nll = at::mm(weights, losses.t()) / target_counts.unsqueeze(1);
  const at::Tensor baseline = nll.narrow(1, 0, 1), rise = nll - baseline;
  // What is left to lose: the distance of the plain loss from that of knowing nothing.
  at::Tensor room = std::log(static_cast<double>(context.engine.model().config.vocab_size)) - baseline;
  room.masked_fill_(room.le(0), kNan);  // a model that is worse than that already has nothing to lose
  if (layers >= 2) {
    const at::Tensor single = rise.narrow(1, 2, layers - 1) / room;  // any layer but the first
    add_verdict(values, "fragility", single.amax(1), 0.5, /*above=*/true);
    values["most_fragile_layer"] = rise[0].narrow(0, 2, layers - 1).argmax().item<int64_t>() + 1;
  }
  if (blocks >= 2) {
    add_verdict(values, "commutativity", (rise.select(1, layers + 1) / room.squeeze(1)), 0.05, /*above=*/false);
    const at::Tensor pairs = rise.narrow(1, layers + 2, 2 * (blocks - 1)).reshape({-1, blocks - 1, 2});
    const at::Tensor gap = (pairs.select(2, 0) - pairs.select(2, 1)).abs() / room;
    add_verdict(values, "swap_asymmetry", gap.amax(1), 0.25, /*above=*/true);
    const at::Tensor cosine = at::mm(weights, sums.cosine) / token_counts.unsqueeze(1);
    std::vector<at::Tensor> starts;
    for (int64_t b = 1; b < blocks; ++b) {
      starts.push_back(cosine.select(1, b * block));
    }
    add_verdict(values, "erasing_attention", at::stack(starts, 1).amin(1), 0.0, /*above=*/false);
    values["block_size"] = block;
  }
  return values;
}

}  // namespace cambium::analysis
