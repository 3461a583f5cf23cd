#include "cambium/analysis/batch.h"

#include <algorithm>
#include <numeric>

namespace cambium::analysis {
namespace {

Batch make_batch(std::span<const Prompt> prompts, std::span<const size_t> chosen) {
  Batch batch{.prompts = {chosen.begin(), chosen.end()}, .lengths = {}, .ids = {}, .rows = {}, .targets = {}};
  const auto seq = static_cast<int64_t>(prompts[chosen.front()].ids.size());  // the longest comes first
  const auto size = static_cast<int64_t>(chosen.size());
  batch.ids = at::zeros({size, seq}, at::kInt);
  batch.targets = at::full({size, seq}, -1, at::kInt);
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < size; ++row) {
    const std::vector<int32_t>& ids = prompts[chosen[static_cast<size_t>(row)]].ids;
    const auto length = static_cast<int64_t>(ids.size());
    std::copy(ids.begin(), ids.end(), batch.ids.mutable_data_ptr<int32_t>() + row * seq);
    std::copy(ids.begin() + 1, ids.end(), batch.targets.mutable_data_ptr<int32_t>() + row * seq);
    batch.lengths.push_back(length);
    for (int64_t i = 0; i < length; ++i) {
      rows.push_back(row * seq + i);
    }
  }
  batch.rows = at::tensor(rows, at::kLong);
  return batch;
}

}  // namespace

at::Tensor Batch::real(const at::Tensor& values) const {
  const at::Tensor flat = values.reshape({size() * seq(), -1});
  return rows.size(0) == flat.size(0) ? flat : flat.index_select(0, rows);
}

std::vector<Batch> make_batches(std::span<const Prompt> prompts, int64_t batch_tokens) {
  std::vector<size_t> by_length(prompts.size());
  std::iota(by_length.begin(), by_length.end(), size_t{0});
  std::stable_sort(by_length.begin(), by_length.end(),
                   [&](size_t a, size_t b) { return prompts[a].ids.size() > prompts[b].ids.size(); });
  std::vector<Batch> batches;
  for (size_t first = 0; first < by_length.size();) {
    const size_t fit = std::max<size_t>(1, static_cast<size_t>(batch_tokens) / prompts[by_length[first]].ids.size());
    const size_t count = std::min(fit, by_length.size() - first);
    batches.push_back(make_batch(prompts, std::span(by_length).subspan(first, count)));
    first += count;
  }
  return batches;
}

}  // namespace cambium::analysis
