#include "cambium/model/generate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cambium/base/error.h"
#include "cambium/base/random.h"

namespace cambium::model {
namespace {

/// Draws from softmax(logits / temperature) cut to its top-p set.
int32_t sample(std::span<const float> logits, const GenerateOptions& options, CounterRandom& random) {
  const auto best = std::max_element(logits.begin(), logits.end());
  if (options.temperature == 0) {
    return static_cast<int32_t>(best - logits.begin());
  }
  std::vector<double> weights(logits.size());
  for (size_t i = 0; i < logits.size(); ++i) {
    weights[i] = std::exp((static_cast<double>(logits[i]) - *best) / options.temperature);
  }
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto weight_of = [&](int32_t id) { return weights[static_cast<size_t>(id)]; };
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return weight_of(a) > weight_of(b); });
  const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
  double kept = 0;
  size_t count = 0;
  while (count < order.size() && (count == 0 || kept < options.top_p * all)) {
    kept += weight_of(order[count++]);
  }
  double left = random.uniform() * kept;
  for (size_t i = 0; i + 1 < count; ++i) {
    left -= weight_of(order[i]);
    if (left < 0) {
      return order[i];
    }
  }
  return order[count - 1];
}

}  // namespace

std::vector<int32_t> generate(Llama& model, Forward& forward, std::span<const int32_t> prompt,
                              const GenerateOptions& options, const std::function<void(int32_t)>& each) {
  if (prompt.empty()) {
    throw InvalidArgument("the prompt: expected at least one token, found none");
  }
  CounterRandom random(options.seed, "generate");
  KvCache cache = forward.make_cache(1, static_cast<int64_t>(prompt.size()) + options.max_tokens,
                                     static_cast<int64_t>(model.order.size()));
  at::Tensor ids = at::empty({1, static_cast<int64_t>(prompt.size())}, at::kInt);
  std::copy(prompt.begin(), prompt.end(), ids.mutable_data_ptr<int32_t>());
  std::vector<int32_t> made;
  while (static_cast<int64_t>(made.size()) < options.max_tokens) {
    const at::Tensor hidden = forward.hidden(ids, {.order = {}, .tap = nullptr, .cache = &cache});
    const at::Tensor logits = forward.logits(hidden.narrow(0, hidden.size(0) - 1, 1));
    const int32_t id = sample({logits.const_data_ptr<float>(), static_cast<size_t>(logits.numel())}, options, random);
    if (options.stop && id == *options.stop) {
      break;
    }
    made.push_back(id);
    each(id);
    ids = at::full({1, 1}, id, at::kInt);
  }
  return made;
}

}  // namespace cambium::model
