#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "cambium/model/config/layer_order.h"
#include "cambium/model/layer.h"
#include "cambium/model/llama.h"
#include "cambium/model/tap.h"

namespace cambium::model {

/// The forward pass without gradients: runs a layer order, shows the residual stream to a tap, keeps keys and values of
/// earlier tokens in a cache. Skipping, swapping, repeating layers are orders. Buffers are reused from call to call.
class Forward {
 public:
  explicit Forward(Llama& model) : model_(model) {}

  struct Options {
    std::span<const int> order = {};  ///< empty: the model's own (Llama::order)
    Tap* tap = nullptr;
    KvCache* cache = nullptr;  ///< grows by the tokens of this call
  };
  /// ids [batch, seq] int32 -> the last layer's output after the final norm, [batch · seq, hidden] in the compute type.
  /// Valid until the next call. Throws InvalidArgument for ids outside the vocabulary or layers outside the model.
  at::Tensor hidden(const at::Tensor& ids, const Options& options);
  at::Tensor hidden(const at::Tensor& ids) { return hidden(ids, Options{}); }

  /// logits [rows, vocab] float32 of rows of `hidden`, on the CPU.
  at::Tensor logits(const at::Tensor& hidden_rows);

  /// An empty cache for `batch` sequences of up to `max_tokens`, for an order of `places` layers.
  KvCache make_cache(int64_t batch, int64_t max_tokens, int64_t places) const;

 private:
  void prepare(int64_t batch, int64_t seq);

  Llama& model_;
  int64_t batch_ = 0, seq_ = 0;
  std::optional<LayerBuffers> buffers_;
  at::Tensor stream_, next_stream_;  ///< [n, hidden] float32
  at::Tensor branch_, normed_, inv_rms_;
};

/// Log-probability of each token given those before it: [batch, seq - 1] float32 on the CPU, entry [b, i] for ids[b, i
/// + 1]. In chunks that never hold all logits.
at::Tensor token_log_probs(Llama& model, Forward& forward, const at::Tensor& ids);

}  // namespace cambium::model
