#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>
#include <vector>

#include "cambium/analysis/prompt.h"

namespace cambium::analysis {

/// Prompts side by side, padded at the end (causal attention keeps what stands before from seeing the padding).
struct Batch {
  std::vector<size_t> prompts;   ///< which they are, by row
  std::vector<int64_t> lengths;  ///< tokens of each row
  at::Tensor ids;                ///< [batch, seq] int32
  at::Tensor rows;               ///< [tokens] int64: places of the real tokens in the flat [batch · seq]
  at::Tensor targets;            ///< [batch, seq] int32: the token that follows, -1 where there is none

  int64_t size() const { return ids.size(0); }
  int64_t seq() const { return ids.size(1); }
  /// The real tokens' rows of [batch · seq, columns] or [batch, seq, columns].
  at::Tensor real(const at::Tensor& values) const;
};

/// All prompts, those of similar length together, at most `batch_tokens` padded tokens a batch (a longer prompt alone).
std::vector<Batch> make_batches(std::span<const Prompt> prompts, int64_t batch_tokens);

}  // namespace cambium::analysis
