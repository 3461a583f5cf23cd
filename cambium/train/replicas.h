#pragma once

#include <memory>
#include <vector>

#include "cambium/config/run_config.h"
#include "cambium/dist/group.h"
#include "cambium/model/llama.h"
#include "cambium/model/step_listener.h"
#include "cambium/train/optimizer.h"

namespace cambium::train {

/// What the ranks of a run do together in its steps. Each computes the gradients of its own sequences; they are summed
/// in float32 bucket by bucket, each as soon as the backward pass has finished it. Where the ranks share the optimizer
/// (`dist.shard`), each updates its own part of every block, and fetches the others' parts while the next forward pass
/// goes on. In a group of one nothing is sent and nobody listens to a pass.
class Replicas : private model::StepListener {
 public:
  Replicas(dist::Group& group, const config::DistSection& settings) : group_(group), settings_(settings) {}

  /// Makes gradients, all zero, for a model of the depth that it has now. The model must stay where it is.
  void make_buffers(model::Llama& model);
  model::Parameters& gradients() { return gradients_; }
  void zero_gradients() { flat_.zero_(); }

  /// Who is to listen to a micro-batch's pass, if anybody. The rank's last one of a step (`last`) completes its
  /// gradients and `loss_sum` (TrainingStep::loss_sum), which are summed over the ranks from then on.
  model::StepListener* listener(bool last, const at::Tensor& loss_sum);
  /// Behind the last micro-batch: waits until everything is summed.
  StepSums finish(const TrainState& state, const Trained& trained);
  /// Behind the update: begins to fetch the other ranks' parts of the weights.
  void share_weights();
  /// Waits until all of the weights are here. A pass that is listened to waits block by block by itself.
  void settle();

 private:
  /// A block's entries in flat_.
  struct Place {
    int64_t begin, end;
  };
  bool is_alone() const { return group_.size() == 1; }
  bool shares_optimizer() const { return !is_alone() && settings_.shard == "optimizer"; }
  void reads(size_t block) override;
  void gradient_complete(size_t block) override;
  /// Begins to sum complete gradients, in buckets of the settings' size (`all`: what is left of one, too).
  void sum_buckets(bool all);
  void sum_loss();

  dist::Group& group_;
  const config::DistSection& settings_;
  model::Llama* model_ = nullptr;
  at::Tensor flat_;  ///< all gradients, in the order in which a backward pass completes them
  model::Parameters gradients_;
  std::vector<Place> places_;                            ///< of each block
  bool last_ = false;                                    ///< the pass is that of a rank's last micro-batch
  std::vector<bool> complete_;                           ///< of each block, in this step
  int64_t complete_end_ = 0, summed_end_ = 0;            ///< entries before it are complete, are being summed
  at::Tensor loss_sum_;                                  ///< of this rank
  at::Tensor loss_and_stop_;                             ///< [2] float64, of all; stop: ranks that were asked to
  std::vector<std::unique_ptr<dist::Pending>> sums_;     ///< not waited for yet
  std::vector<std::unique_ptr<dist::Pending>> fetched_;  ///< of each block; null: is here
};

}  // namespace cambium::train
