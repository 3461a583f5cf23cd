#include "cambium/analysis/skip_base.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "cambium/analysis/values.h"

namespace cambium::analysis {
namespace {

/// Positions whose unchanged probabilities are held at a time.
constexpr int64_t kPositions = 64;

/// ‖softmax(logits) - probabilities‖ of each row [n], a few rows at a time so that they stay in the cache. Row i of
/// the logits belongs to row i % k of the k probabilities.
at::Tensor distances(const at::Tensor& logits, const at::Tensor& probabilities) {
  const int64_t n = logits.size(0), k = probabilities.size(0);
  at::Tensor out = at::empty({n}, at::kFloat);
  at::parallel_for(0, n, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      out.mutable_data_ptr<float>()[i] = at::softmax(logits[i], -1).sub_(probabilities[i % k]).norm().item<float>();
    }
  });
  return out;
}

/// The layer's output with its part left out from position 1 on; position 0 as it was.
at::Tensor skipped_output(Engine& engine, const std::vector<at::Tensor>& streams, int64_t layer, Part part) {
  const auto index = static_cast<size_t>(layer);
  at::Tensor out;
  if (part == Part::kLayer) {
    out = streams[index].clone();
  } else {
    const model::Point point = part == Part::kAttention ? model::Point::kAttentionOutput : model::Point::kMlpOutput;
    FunctionTap tap([&](model::Point where, int64_t /*layer*/, at::Tensor value) {
      if (where == point) {
        value.narrow(1, 1, value.size(1) - 1).zero_();
      }
    });
    out = engine.layer(layer, streams[index], &tap);
  }
  out.select(1, 0).copy_(streams[index + 1].select(1, 0));
  return out;
}

}  // namespace

SkipBase skip_base(Engine& engine, const at::Tensor& ids, Part part) {
  SkipBase base;
  base.streams = engine.streams(ids);
  for (int64_t layer = 0; layer < engine.num_layers(); ++layer) {
    const auto i = static_cast<size_t>(layer);
    base.updates.push_back((base.streams[i + 1] - base.streams[i])[0]);
    base.norms.push_back(norms(base.updates.back()).clamp_min(kLeastNorm));
    base.skipped.push_back(skipped_output(engine, base.streams, layer, part));
  }
  return base;
}

at::Tensor relative_change(const SkipBase& base, int64_t layer, int64_t first, const at::Tensor& changed) {
  const auto i = static_cast<size_t>(layer);
  const int64_t tokens = changed.size(1);
  const at::Tensor change = norms(changed - base.updates[i].narrow(0, first, tokens));
  return (change / base.norms[i].narrow(0, first, tokens)).amax(-1).to(at::kCPU, at::kDouble);
}

void largest_probability_change(Engine& engine, const SkipBase& base, std::span<const ChangedTail> tails,
                                at::Tensor& largest) {
  const at::Tensor& last = base.streams.back();
  const int64_t tokens = last.size(1), hidden = last.size(2);
  int64_t begin = tokens;
  for (const ChangedTail& tail : tails) {
    begin = std::min(begin, tail.first);
  }
  for (int64_t from = begin; from < tokens; from += kPositions) {
    const int64_t to = std::min(tokens, from + kPositions);
    const at::Tensor probabilities = at::softmax(engine.logits(last[0].narrow(0, from, to - from)), -1);
    for (const ChangedTail& tail : tails) {
      const int64_t low = std::max(from, tail.first);
      if (low >= to) {
        continue;
      }
      const int64_t positions = to - low, rows = tail.streams.size(0);
      const int64_t at_once = std::max<int64_t>(1, engine.head_rows(rows * positions) / positions);
      for (int64_t row = 0; row < rows; row += at_once) {
        const int64_t count = std::min(at_once, rows - row);
        const at::Tensor part = tail.streams.narrow(0, row, count).narrow(1, low - tail.first, positions);
        const at::Tensor change = distances(engine.logits(part.reshape({count * positions, hidden})),
                                            probabilities.narrow(0, low - from, positions));
        at::Tensor entries = largest.narrow(0, tail.entry + row, count);
        entries.copy_(at::maximum(entries, change.view({count, positions}).amax(1).to(at::kDouble)));
      }
    }
  }
}

}  // namespace cambium::analysis
