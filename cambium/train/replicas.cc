#include "cambium/train/replicas.h"

#include <algorithm>
#include <cmath>

#include "cambium/base/signals.h"
#include "cambium/ops/residual.h"

namespace cambium::train {
namespace {

/// The blocks in the order in which a backward pass completes their gradients.
std::vector<size_t> completion_order(size_t blocks) {
  std::vector<size_t> order;
  for (size_t block = blocks; block-- > 0;) {
    order.push_back(block);
  }
  return order;
}

int64_t aligned(int64_t entries) {
  constexpr int64_t kLine = 16;
  return (entries + kLine - 1) / kLine * kLine;
}

}  // namespace

void Replicas::make_buffers(model::Llama& model) {
  settle();
  model_ = &model;
  gradients_ = {};  // given back before the new ones are asked for
  flat_.reset();
  const std::vector<at::Tensor> weights = model.weights.blocks();
  places_.assign(weights.size(), {});
  int64_t end = 0;
  for (const size_t block : completion_order(weights.size())) {
    places_[block] = {end, end + weights[block].numel()};
    end += aligned(weights[block].numel());
  }
  flat_ = at::zeros({end}, model.options(at::kFloat));
  const auto view = [&](size_t block) {
    return flat_.narrow(0, places_[block].begin, places_[block].end - places_[block].begin);
  };
  gradients_.embedding = view(0);
  for (size_t layer = 0; layer < model.weights.layers.size(); ++layer) {
    gradients_.layers.push_back(view(layer + 1));
  }
  gradients_.head = view(weights.size() - 1);
  fetched_.clear();
  fetched_.resize(weights.size());
}

model::StepListener* Replicas::listener(bool last, const at::Tensor& loss_sum) {
  last_ = last;
  if (last) {
    loss_sum_ = loss_sum;
    loss_and_stop_.reset();
    complete_.assign(places_.size(), false);
    complete_end_ = summed_end_ = 0;
  }
  const bool weights_are_coming =
      std::any_of(fetched_.begin(), fetched_.end(), [](const auto& pending) { return pending != nullptr; });
  return !is_alone() && (last || weights_are_coming) ? this : nullptr;
}

void Replicas::reads(size_t block) {
  if (fetched_[block] == nullptr) {
    return;
  }
  fetched_[block]->wait();
  fetched_[block].reset();
  if (model_->precision != model::Precision::kFloat32) {
    at::Tensor copy = model_->compute.blocks()[block];
    ops::cast(model_->weights.blocks()[block], copy);
  }
}

void Replicas::settle() {
  for (size_t block = 0; block < fetched_.size(); ++block) {
    reads(block);
  }
}

void Replicas::sum_loss() {
  const double stop = StopRequest::signal() != 0 ? 1 : 0;
  loss_and_stop_ = at::stack({loss_sum_, at::full_like(loss_sum_, stop)});
  sums_.push_back(group_.collectives().start_sum(loss_and_stop_));
}

void Replicas::gradient_complete(size_t block) {
  if (!last_) {
    return;
  }
  if (!loss_and_stop_.defined()) {
    sum_loss();  // known since the forward pass
  }
  if (shares_optimizer()) {
    sums_.push_back(group_.collectives().start_sum_to_owners(gradients_.blocks()[block]));
    return;
  }
  complete_[block] = true;
  for (const size_t next : completion_order(places_.size())) {
    if (!complete_[next]) {
      break;
    }
    complete_end_ = std::max(complete_end_, places_[next].end);
  }
  sum_buckets(/*all=*/block == 0);
}

void Replicas::sum_buckets(bool all) {
  const auto bucket = std::max<int64_t>(1, std::llround(settings_.bucket_mb * 1e6 / sizeof(float)));
  while (complete_end_ - summed_end_ >= bucket || (all && summed_end_ < complete_end_)) {
    const int64_t end = std::min(summed_end_ + bucket, complete_end_);
    sums_.push_back(group_.collectives().start_sum(flat_.narrow(0, summed_end_, end - summed_end_)));
    summed_end_ = end;
  }
}

StepSums Replicas::finish(const TrainState& state, const Trained& trained) {
  if (!loss_and_stop_.defined()) {
    sum_loss();  // nobody listened
  }
  for (const std::unique_ptr<dist::Pending>& sum : sums_) {
    sum->wait();
  }
  sums_.clear();
  at::Tensor squares = sum_of_squares(gradients_, trained, state.part);
  if (shares_optimizer()) {
    group_.collectives().start_sum(squares)->wait();
  }
  return {.loss = loss_and_stop_[0], .squares = squares, .stop = loss_and_stop_[1]};
}

void Replicas::share_weights() {
  if (!shares_optimizer()) {
    return;
  }
  const std::vector<at::Tensor> blocks = model_->weights.blocks();
  for (size_t block = 0; block < blocks.size(); ++block) {
    fetched_[block] = group_.collectives().start_gather_from_owners(blocks[block]);
  }
}

}  // namespace cambium::train
