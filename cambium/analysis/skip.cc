#include "cambium/analysis/skip.h"

#include <algorithm>

#include "cambium/analysis/skip_base.h"

namespace cambium::analysis {
namespace {

/// Tokens of the interventions that go through a layer together.
constexpr int64_t kTokensAtOnce = 4096;

SkipEffect nothing(int64_t layers) {
  return {.layer = at::zeros({layers, layers}, at::kDouble), .logit = at::zeros({layers}, at::kDouble)};
}

/// The largest effect so far of interventions s0 … on layer i.
void raise(SkipEffect& effect, int64_t s0, int64_t layer, const at::Tensor& change) {
  at::Tensor entries = effect.layer.select(1, layer).narrow(0, s0, change.size(0));
  entries.copy_(at::maximum(entries, change));
}

/// The streams of interventions 0 … n - 1 side by side. Skipped positions (those before a cut) and the unskipped ones
/// from each cut on are kept apart, as the former are the same for every cut.
struct Streams {
  at::Tensor skipped;             ///< [n, last cut, hidden]
  std::vector<at::Tensor> tails;  ///< a cut each: [n, T - cut, hidden]
};

/// Sends `streams` (of interventions s0 … s0 + n - 1) through layer i, measures the tails and gives what comes out.
Streams through_layer(Engine& engine, const SkipBase& base, std::span<const int64_t> cuts, int64_t layer, int64_t s0,
                      const Streams& in, SkipEffect& effect) {
  const int64_t n = in.skipped.size(0), tokens = base.streams[0].size(1);
  model::KvCache cache = engine.make_cache(n, tokens);
  Streams out{.skipped = engine.layer(layer, in.skipped, nullptr, &cache), .tails = {cuts.size(), at::Tensor()}};
  // From the last cut down: a tail's keys and values overwrite only what tails of later cuts needed.
  for (size_t c = cuts.size(); c-- > 0;) {
    cache.length = cuts[c];
    out.tails[c] = engine.layer(layer, in.tails[c], nullptr, &cache);
    raise(effect, s0, layer, relative_change(base, layer, cuts[c], out.tails[c] - in.tails[c]));
  }
  return out;
}

/// Calls body(first, count) for interventions 0 … n - 1 in groups.
template <typename Body>
void for_groups(int64_t n, int64_t tokens, Body body) {
  const int64_t at_once = std::max<int64_t>(1, kTokensAtOnce / tokens);
  for (int64_t first = 0; first < n; first += at_once) {
    body(first, std::min(at_once, n - first));
  }
}

Streams part_of(const Streams& all, int64_t first, int64_t count) {
  Streams part{.skipped = all.skipped.narrow(0, first, count), .tails = {}};
  for (const at::Tensor& tail : all.tails) {
    part.tails.push_back(tail.narrow(0, first, count));
  }
  return part;
}

/// Sends all interventions through the layers, intervention s from layer s + 1 on: `step(layer, first, now)` gives what
/// comes out of the layer for a group of them.
template <typename Step>
void sweep(const Streams& all, int64_t tokens, Step step) {
  for (int64_t layer = 1; layer < all.skipped.size(0); ++layer) {
    for_groups(layer, tokens, [&](int64_t first, int64_t count) {
      const Streams now = part_of(all, first, count), next = step(layer, first, now);
      now.skipped.copy_(next.skipped);
      for (size_t tail = 0; tail < now.tails.size(); ++tail) {
        now.tails[tail].copy_(next.tails[tail]);
      }
    });
  }
}

at::Tensor stack_rows(const std::vector<at::Tensor>& streams, int64_t first, int64_t begin, int64_t length) {
  std::vector<at::Tensor> rows;
  for (size_t i = static_cast<size_t>(first); i < streams.size(); ++i) {
    rows.push_back(streams[i].narrow(1, begin, length));
  }
  return at::cat(rows);
}

}  // namespace

SkipEffect skip_future(Engine& engine, const at::Tensor& ids, std::span<const int64_t> cuts, Part part) {
  const int64_t layers = engine.num_layers(), tokens = ids.size(1);
  SkipEffect effect = nothing(layers);
  if (cuts.empty()) {
    return effect;
  }
  const SkipBase base = skip_base(engine, ids, part);
  // Right behind the skipped layer: intervention s enters before layer s + 1.
  Streams all{.skipped = stack_rows(base.skipped, 0, 0, cuts.back()), .tails = {}};
  for (const int64_t cut : cuts) {
    all.tails.push_back(stack_rows(base.streams, 1, cut, tokens - cut));
  }
  sweep(all, tokens, [&](int64_t layer, int64_t first, const Streams& now) {
    return through_layer(engine, base, cuts, layer, first, now, effect);
  });
  std::vector<ChangedTail> tails;
  for (size_t c = 0; c < cuts.size(); ++c) {
    // Skipping the last layer changes nothing behind the cut.
    tails.push_back({.first = cuts[c], .streams = all.tails[c].narrow(0, 0, layers - 1), .entry = 0});
  }
  largest_probability_change(engine, base, tails, effect.logit);
  return effect;
}

SkipEffect skip_future_plain(Engine& engine, const at::Tensor& ids, std::span<const int64_t> cuts, Part part) {
  const int64_t layers = engine.num_layers(), tokens = ids.size(1);
  SkipEffect effect = nothing(layers);
  const SkipBase base = skip_base(engine, ids, part);
  const at::Tensor probabilities = at::softmax(engine.logits(base.streams.back()[0]), -1);
  for (int64_t s = 0; s < layers; ++s) {
    for (const int64_t cut : cuts) {
      at::Tensor stream = engine.embed(ids);
      for (int64_t layer = 0; layer < layers; ++layer) {
        at::Tensor input = stream;
        FunctionTap tap([&](model::Point point, int64_t /*layer*/, at::Tensor value) {
          const at::Tensor skipped = value.narrow(1, 1, cut - 1);
          if (part == Part::kLayer && point == model::Point::kLayerOutput) {
            skipped.copy_(input.narrow(1, 1, cut - 1));
          } else if ((part == Part::kAttention && point == model::Point::kAttentionOutput) ||
                     (part == Part::kMlp && point == model::Point::kMlpOutput)) {
            skipped.zero_();
          }
        });
        stream = engine.layer(layer, input, layer == s ? &tap : nullptr);
        raise(effect, s, layer, relative_change(base, layer, cut, (stream - input).narrow(1, cut, tokens - cut)));
      }
      const at::Tensor change =
          at::linalg_vector_norm(at::softmax(engine.logits(stream[0]), -1) - probabilities, 2, at::IntArrayRef{-1});
      effect.logit[s] = at::maximum(effect.logit[s], change.narrow(0, cut, tokens - cut).max().to(at::kDouble));
    }
  }
  return effect;
}

SkipEffect skip_current(Engine& engine, const at::Tensor& ids, Part part) {
  const int64_t layers = engine.num_layers(), tokens = ids.size(1);
  SkipEffect effect = nothing(layers);
  const SkipBase base = skip_base(engine, ids, part);
  for (int64_t s = 0; s < layers; ++s) {
    const auto i = static_cast<size_t>(s);
    raise(effect, s, s, relative_change(base, s, 0, base.skipped[i] - base.streams[i]));
  }
  const Streams all{.skipped = stack_rows(base.skipped, 0, 0, tokens), .tails = {}};
  sweep(all, tokens, [&](int64_t layer, int64_t first, const Streams& now) {
    Streams next{.skipped = engine.layer(layer, now.skipped), .tails = {}};
    raise(effect, first, layer, relative_change(base, layer, 0, next.skipped - now.skipped));
    return next;
  });
  largest_probability_change(engine, base, std::vector<ChangedTail>{{.first = 0, .streams = all.skipped, .entry = 0}},
                             effect.logit);
  return effect;
}

SkipEffect skip_local(Engine& engine, const at::Tensor& ids, std::span<const int64_t> cuts, Part part) {
  const int64_t layers = engine.num_layers(), tokens = ids.size(1);
  SkipEffect effect = nothing(layers);
  if (cuts.empty()) {
    return effect;
  }
  const SkipBase base = skip_base(engine, ids, part);
  for (int64_t layer = 1; layer < layers; ++layer) {
    const at::Tensor& input = base.streams[static_cast<size_t>(layer)];
    for_groups(layer, tokens, [&](int64_t first, int64_t count) {
      Streams in{.skipped = input.narrow(1, 0, cuts.back()).repeat({count, 1, 1}), .tails = {}};
      for (int64_t row = 0; row < count; ++row) {
        const auto s = static_cast<size_t>(first + row);
        // What the part added: 0 at position 0, where nothing was left out.
        in.skipped[row] -= (base.streams[s + 1] - base.skipped[s])[0].narrow(0, 0, cuts.back());
      }
      for (const int64_t cut : cuts) {
        in.tails.push_back(input.narrow(1, cut, tokens - cut).expand({count, -1, -1}));
      }
      through_layer(engine, base, cuts, layer, first, in, effect);
    });
  }
  return effect;
}

}  // namespace cambium::analysis
