#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "cambium/model/layer.h"
#include "cambium/model/llama.h"
#include "cambium/model/tap.h"

namespace cambium::analysis {

/// A tap made of a function.
class FunctionTap : public model::Tap {
 public:
  using Function = std::function<void(model::Point point, int64_t layer, at::Tensor value)>;
  explicit FunctionTap(Function function) : function_(std::move(function)) {}
  void see(model::Point point, int64_t /*place*/, int64_t layer, at::Tensor value) override {
    function_(point, layer, std::move(value));
  }

 private:
  Function function_;
};

/// Single layers, the head, and passes made of them: analyses start a pass in the middle, with a stream that an earlier
/// one left, and change the stream between layers. Streams are [batch, seq, hidden] float32. No gradients.
class Engine {
 public:
  explicit Engine(model::Llama& model);

  model::Llama& model() { return model_; }
  int64_t num_layers() const { return model_.num_layers(); }

  /// The stream before the first layer. Throws InvalidArgument for ids outside the vocabulary.
  at::Tensor embed(const at::Tensor& ids);
  /// The stream after one layer. With `cache` the tokens stand behind the `length` it holds and their keys and values
  /// go into its first pair (`length` itself stays).
  at::Tensor layer(int64_t index, const at::Tensor& stream, model::Tap* tap = nullptr, model::KvCache* cache = nullptr);
  /// Queries (rotated), keys (rotated) and values of the last call of `layer`: [batch · seq, (heads + 2 kv heads) ·
  /// head_dim] in the compute type.
  const at::Tensor& last_qkv() const { return view_->qkv; }
  /// The stream after the layers of `order`.
  at::Tensor run(at::Tensor stream, std::span<const int> order, model::Tap* tap = nullptr);
  /// The stream before each layer of the plain pass, and the last one: num_layers + 1 entries.
  std::vector<at::Tensor> streams(const at::Tensor& ids);
  /// A pair of empty keys and values for `layer`.
  model::KvCache make_cache(int64_t batch, int64_t tokens);

  /// Rows [n, hidden] of a stream after the final norm, in the compute type.
  at::Tensor final_norm(const at::Tensor& rows);
  /// Logits [n, vocab] float32 of rows [n, hidden] of a stream (before the final norm).
  at::Tensor logits(const at::Tensor& rows);
  /// -log p(target) in nats, [batch, seq] float32, of a last stream; 0 where the target [batch, seq] int32 is -1.
  at::Tensor losses(const at::Tensor& stream, const at::Tensor& targets);
  /// Rows of logits to make at a time.
  int64_t head_rows(int64_t rows) const;

 private:
  model::LayerBuffers& buffers(int64_t batch, int64_t seq);

  model::Llama& model_;
  std::optional<model::LayerBuffers> all_, view_;  ///< for `capacity_` tokens; its part for the present shape
  at::Tensor branch_;
  int64_t capacity_ = 0, batch_ = 0, seq_ = 0;
};

}  // namespace cambium::analysis
