#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "cambium/analysis/engine.h"

namespace cambium::analysis {

/// What an answer's probability depends on: its gradient at a place inside a pass, by the backward that training uses.
class AnswerGradient {
 public:
  /// The answer is the last `answer` tokens of ids [1, seq], each predicted by the token before it.
  AnswerGradient(Engine& engine, const at::Tensor& ids, int64_t answer);

  /// Σ over the answer's tokens of their probability, and its gradient, for a batch of streams [batch, seq, hidden].
  struct Result {
    at::Tensor value;     ///< [batch]
    at::Tensor gradient;  ///< [batch, seq, hidden]
  };
  /// At the stream before layer `layer` (num_layers: the last one).
  Result before_layer(int64_t layer, const at::Tensor& stream);
  /// At the stream between attention and MLP of layer `layer`.
  Result before_mlp(int64_t layer, const at::Tensor& stream);

 private:
  at::Tensor head(const at::Tensor& stream, at::Tensor& d_stream);

  Engine& engine_;
  int64_t seq_, first_;  ///< tokens; the first that predicts a token of the answer
  at::Tensor answer_;    ///< [answer] int64
};

}  // namespace cambium::analysis
