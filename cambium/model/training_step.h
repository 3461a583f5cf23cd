#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "cambium/model/layer.h"
#include "cambium/model/llama.h"
#include "cambium/ops/head_loss.h"

namespace cambium::model {

/// Forward and backward of one micro-batch, written out over buffers that are made once (and again after a growth). No
/// autograd: what the backward needs is exactly what LayerBuffers hold.
class TrainingStep {
 public:
  struct Options {
    int64_t batch;  ///< sequences of a micro-batch
    int64_t seq;    ///< tokens of a sequence
    double z_loss = 0;
    bool recompute = false;  ///< keep only each layer's input and run its forward again in the backward
  };
  TrainingStep(Llama& model, const Options& options);

  /// ids, targets [batch, seq] int32 (target < 0: none). Adds the gradient of `scale` · Σ loss to `gradients`; gives
  /// Σ loss over the targets in nats (without the z-loss).
  double forward_backward(const at::Tensor& ids, const at::Tensor& targets, double scale, Parameters& gradients);

  /// Σ loss alone, for validation.
  double forward(const at::Tensor& ids, const at::Tensor& targets);

 private:
  void run_layers(const at::Tensor& ids);
  double run_head(const at::Tensor& targets, ops::HeadGradient* gradient);
  LayerBuffers& buffers(int64_t layer);
  LayerCall call(int64_t layer) const;

  Llama& model_;
  Options options_;
  std::vector<at::Tensor> stream_;     ///< residual stream before each layer and after the last, [n, hidden] float32
  std::vector<LayerBuffers> buffers_;  ///< one a layer, or one for all with recompute
  at::Tensor branch_;
  at::Tensor normed_, inv_rms_;  ///< final norm
  at::Tensor logits_, row_loss_;
  std::optional<BackwardBuffers> scratch_;
  at::Tensor d_stream_;  ///< [n, hidden] float32
};

}  // namespace cambium::model
