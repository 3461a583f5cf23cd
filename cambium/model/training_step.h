#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <optional>
#include <vector>

#include "cambium/model/config/recompute.h"
#include "cambium/model/layer.h"
#include "cambium/model/llama.h"
#include "cambium/model/step_listener.h"
#include "cambium/ops/backend.h"
#include "cambium/ops/head_loss.h"

namespace cambium::model {

/// Forward and backward of one micro-batch, written out over buffers that are made once (and again after a growth), on
/// the model's device. No autograd: what the backward needs is exactly what LayerBuffers hold.
class TrainingStep {
 public:
  struct Options {
    int64_t batch;  ///< sequences of a micro-batch
    int64_t seq;    ///< tokens of a sequence
    double z_loss = 0;
    Recompute recompute = Recompute::kNone;
    /// The token that ends a document, behind which attention sees nothing of it any more; none: plain causal
    /// attention.
    std::optional<int64_t> document_end = {};
  };
  TrainingStep(Llama& model, const Options& options);

  /// ids, targets [batch, seq] int32 (target < 0: none). Adds the gradient of `scale` · Σ loss to `gradients`, and
  /// Σ loss over the targets in nats (without the z-loss) to loss_sum(). Waits for nothing: on a GPU, which replays a
  /// recording of its second call from then on, the work goes on behind the caller's back.
  void forward_backward(const at::Tensor& ids, const at::Tensor& targets, double scale, Parameters& gradients);

  /// Σ loss of all calls since clear_loss(): one float64 on the model's device.
  const at::Tensor& loss_sum() const { return loss_sum_; }
  void clear_loss() { loss_sum_.zero_(); }

  /// Σ loss alone, for validation.
  double forward(const at::Tensor& ids, const at::Tensor& targets);

  /// Tells `clock` of every op from here on (and records nothing); null: nobody.
  void tell(StepClock* clock) { clock_ = clock; }

  /// Has `listener` hear of the blocks from here on (nothing is recorded, and nothing replayed, while there is one);
  /// null: nobody.
  void listen(StepListener* listener) { listener_ = listener; }

 private:
  /// A piece of work for the device, with what is fixed in it.
  struct Recording {
    double scale;
    const void* gradients;
    std::unique_ptr<ops::RecordedWork> work;  ///< null: has run, but was not recorded yet
  };

  void take(const at::Tensor& ids, const at::Tensor& targets);
  void run(double scale, Parameters& gradients);
  void run_layers();
  void run_head(ops::HeadGradient* gradient);
  LayerBuffers& buffers(int64_t place);
  LayerCall call(int64_t place) const;
  void reads(size_t block);
  void complete(size_t block);

  Llama& model_;
  Options options_;
  std::vector<int> order_;               ///< the layer at each place
  at::Tensor ids_, targets_;             ///< of the micro-batch, [n] int32, where the model is
  std::vector<ops::Segment> documents_;  ///< of the micro-batch, where attention stays inside of them
  std::vector<at::Tensor>
      stream_;  ///< residual stream before each place of the order and after the last, [n, hidden] float32
  std::vector<LayerBuffers> buffers_;  ///< one a place, or one for all with Recompute::kFull
  at::Tensor branch_;
  at::Tensor normed_, inv_rms_;  ///< final norm
  at::Tensor logits_, row_loss_, loss_sum_;
  std::optional<BackwardBuffers> scratch_;
  at::Tensor d_stream_;  ///< [n, hidden] float32
  std::optional<Recording> recording_;
  StepClock* clock_ = nullptr;
  StepListener* listener_ = nullptr;
};

}  // namespace cambium::model
