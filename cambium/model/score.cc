#include "cambium/model/score.h"

#include <algorithm>
#include <numeric>

namespace cambium::model {
namespace {

/// Rows of different length padded at the end: causal attention keeps what stands before from seeing it.
at::Tensor padded(std::span<const std::vector<int32_t>> sequences, std::span<const size_t> rows, int64_t length) {
  at::Tensor ids = at::zeros({static_cast<int64_t>(rows.size()), length}, at::kInt);
  int32_t* out = ids.mutable_data_ptr<int32_t>();
  for (const size_t row : rows) {
    std::copy(sequences[row].begin(), sequences[row].end(), out);
    out += length;
  }
  return ids;
}

}  // namespace

std::vector<LogProbs> score_sequences(Llama& model, Forward& forward, std::span<const std::vector<int32_t>> sequences,
                                      int64_t batch_tokens, const std::function<void(int64_t)>& scored) {
  std::vector<LogProbs> results(sequences.size());
  std::vector<size_t> by_length(sequences.size());
  std::iota(by_length.begin(), by_length.end(), size_t{0});
  std::stable_sort(by_length.begin(), by_length.end(),
                   [&](size_t a, size_t b) { return sequences[a].size() > sequences[b].size(); });
  for (size_t first = 0; first < by_length.size();) {
    const auto length = static_cast<int64_t>(sequences[by_length[first]].size());
    const auto wanted = static_cast<size_t>(std::max<int64_t>(1, batch_tokens / std::max<int64_t>(1, length)));
    const size_t count = std::min(wanted, by_length.size() - first);
    const std::span<const size_t> rows = std::span(by_length).subspan(first, count);
    if (length >= 2) {
      const at::Tensor log_probs = token_log_probs(model, forward, padded(sequences, rows, length));
      for (size_t i = 0; i < rows.size(); ++i) {
        const std::vector<int32_t>& ids = sequences[rows[i]];
        const float* row = log_probs[static_cast<int64_t>(i)].const_data_ptr<float>();
        results[rows[i]].assign(row, row + (ids.empty() ? 0 : ids.size() - 1));
      }
    }
    first += count;
    scored(static_cast<int64_t>(first));
  }
  return results;
}

}  // namespace cambium::model
