#include <algorithm>

#include "cambium/analysis/run.h"
#include "cambium/analysis/values.h"
#include "cambium/base/format.h"
#include "cambium/base/random.h"

namespace cambium::analysis {
namespace {

constexpr int64_t kSamples = 16, kFirstDistance = 4, kMostDistance = 512;

/// `samples` rows: random tokens, somewhere in front a key and its value, `distance` other tokens, the key again.
/// [samples, distance + 4]; column 2 holds the value.
at::Tensor needles(int64_t distance, int64_t vocab, uint64_t seed) {
  const int64_t length = distance + 4;
  at::Tensor ids = at::empty({kSamples, length}, at::kInt);
  for (int64_t s = 0; s < kSamples; ++s) {
    CounterRandom random(seed, format("analysis.retrieval.{}.{}", distance, s));
    int32_t* row = ids.mutable_data_ptr<int32_t>() + s * length;
    const auto key = static_cast<int32_t>(random.below(static_cast<uint64_t>(vocab)));
    for (int64_t i = 0; i < length; ++i) {
      do {
        row[i] = static_cast<int32_t>(random.below(static_cast<uint64_t>(vocab)));
      } while (row[i] == key && vocab > 1);
    }
    row[1] = row[length - 1] = key;
  }
  return ids;
}

}  // namespace

Values retrieval(Context& context) {
  Engine& engine = context.engine;
  const int64_t layers = context.num_layers();
  const int64_t longest = std::min(kMostDistance, engine.model().config.max_position_embeddings - 4);
  std::vector<int64_t> distances;
  for (int64_t distance = kFirstDistance; distance <= longest; distance *= 2) {
    distances.push_back(distance);
  }
  context.partial.expect(static_cast<int64_t>(distances.size()), "distances");
  at::Tensor correct = at::zeros({layers + 1, static_cast<int64_t>(distances.size())}, at::kDouble);
  at::Tensor probability = at::zeros_like(correct);
  for (size_t d = 0; d < distances.size(); ++d) {
    const at::Tensor ids = needles(distances[d], engine.model().config.vocab_size, context.settings.seed);
    const at::Tensor value = ids.select(1, 2).to(at::kLong);
    const std::vector<at::Tensor> streams = engine.streams(ids);
    for (int64_t layer = 0; layer <= layers; ++layer) {
      const at::Tensor logits = engine.logits(streams[static_cast<size_t>(layer)].select(1, ids.size(1) - 1));
      const auto column = static_cast<int64_t>(d);
      correct[layer][column] = logits.argmax(-1).eq(value).to(at::kDouble).mean();
      probability[layer][column] = at::softmax(logits, -1).gather(1, value.unsqueeze(1)).mean(at::kDouble);
    }
    context.partial.step();
  }
  return {{"distances", distances}, {"accuracy", to_json(correct)}, {"probability", to_json(probability)}};
}

}  // namespace cambium::analysis
