#pragma once

#include <ATen/ATen.h>

#include <functional>

#include "cambium/analysis/analysis.h"
#include "cambium/analysis/batch.h"

namespace cambium::analysis {

/// Turns rows [n, hidden] of the stream before `layer` into rows to be read by the final norm and the head.
using Translate = std::function<at::Tensor(int64_t layer, const at::Tensor& rows)>;

/// Reads the stream before every layer, and the last one (entry num_layers, never translated), through the final norm
/// and the head; compares what they say, q_l, with the final distribution p. Means over tokens, layers + 1 entries:
/// kl = Σ_v q (log q - log p), top5_overlap = |top5(q) ∩ top5(p)| / 5, top1_agreement, and over the tokens that have a
/// successor cross_entropy and accuracy (top-1) of the next token.
/// `units` begins the names of the units of work, so that two lenses of one analysis do not mix.
Values lens_quality(Context& context, const Translate& translate, const std::string& units = {});

}  // namespace cambium::analysis
