#include "cambium/train/batch.h"

#include <algorithm>
#include <span>

#include "cambium/base/error.h"

namespace cambium::train {
namespace {

Batch empty_batch(int64_t rows, int64_t seq) {
  return {at::zeros({rows, seq}, at::kInt), at::full({rows, seq}, -1, at::kInt), 0};
}

/// Row `row` of the batch from a window of seq + 1 tokens: the first seq are inputs, the last seq targets.
void set_row(Batch& batch, int64_t row, std::span<const int32_t> window) {
  const int64_t seq = batch.ids.size(1);
  std::copy_n(window.begin(), seq, batch.ids.mutable_data_ptr<int32_t>() + row * seq);
  std::copy_n(window.begin() + 1, seq, batch.targets.mutable_data_ptr<int32_t>() + row * seq);
  batch.target_tokens += seq;
}

}  // namespace

Batch read_batch(const data::Mixture& mixture, const std::vector<data::WindowRef>& windows, int64_t begin, int64_t end,
                 int64_t rows) {
  Batch batch = empty_batch(rows, mixture.sequence_length());
  std::vector<int32_t> window(static_cast<size_t>(mixture.sequence_length() + 1));
  for (int64_t i = begin; i < end; ++i) {
    mixture.read_window(windows.at(static_cast<size_t>(i)), window);
    set_row(batch, i - begin, window);
  }
  return batch;
}

HeldOut::HeldOut(std::vector<data::TokenDataset> datasets, int64_t seq, int64_t max_tokens) : seq_(seq) {
  for (const data::TokenDataset& dataset : datasets) {
    const int64_t count = std::min(dataset.num_windows(seq), std::max<int64_t>(1, max_tokens / seq));
    if (count == 0) {
      bad_input("{}: held-out data: expected at least {} tokens (one window), found {}", dataset.directory().string(),
                seq + 1, dataset.num_tokens());
    }
    for (int64_t i = 0; i < count; ++i) {
      windows_.emplace_back(static_cast<size_t>(seq + 1));
      dataset.read(i * seq, windows_.back());
    }
  }
}

double HeldOut::loss(model::TrainingStep& step, int64_t batch, dist::Group& group) const {
  double sum = 0;
  const auto count = static_cast<int64_t>(windows_.size());
  const dist::Partition::Range own = group.place().share(count);
  for (int64_t first = own.begin; first < own.end; first += batch) {
    Batch rows = empty_batch(batch, seq_);  // rows past the last window have no targets
    for (int64_t i = first; i < std::min(own.end, first + batch); ++i) {
      set_row(rows, i - first, windows_[static_cast<size_t>(i)]);
    }
    sum += step.forward(rows.ids, rows.targets);
  }
  return group.sum(sum) / static_cast<double>(count * seq_);
}

}  // namespace cambium::train
