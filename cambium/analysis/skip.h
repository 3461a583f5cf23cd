#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>

#include "cambium/analysis/analysis.h"
#include "cambium/analysis/engine.h"

namespace cambium::analysis {

/// What skipping layer s does to one prompt, largest over its cut positions (Csordas et al. 2025):
/// layer [s][i] = max over p ≥ cut of ‖u_i(p) - u'_i(p)‖ / max(‖u_i(p)‖, 1e-6) with the update u_i = h_{i+1} - h_i;
/// logit [s] = max over p ≥ cut of ‖softmax(logits)(p) - softmax(logits')(p)‖. Both float64.
struct SkipEffect {
  at::Tensor layer;  ///< [layers, layers]
  at::Tensor logit;  ///< [layers]
};

/// Layer s (or its attention, or its MLP) adds nothing at the positions 1 ≤ p < cut; position 0 and those from the cut
/// on stay as computed. ids [1, seq] int32; cuts ascending, from 1 to seq - 1.
/// One sweep over the layers runs all interventions side by side: nothing in front of a skipped layer is computed
/// again; positions before a cut, which do not depend on where the cut is, are computed once for all cuts.
SkipEffect skip_future(Engine& engine, const at::Tensor& ids, std::span<const int64_t> cuts, Part part);
/// The same numbers by one full pass for each layer and cut.
SkipEffect skip_future_plain(Engine& engine, const at::Tensor& ids, std::span<const int64_t> cuts, Part part);

/// All positions from 1 on are skipped, and all positions are measured: the effect on current tokens.
SkipEffect skip_current(Engine& engine, const at::Tensor& ids, Part part);

/// The local effect, without propagation: each later layer i sees h_i - u_s at the positions 1 ≤ p < cut. Only `layer`
/// is filled (the output at p ≥ cut does not change). u_s is the update of the layer or of its part.
SkipEffect skip_local(Engine& engine, const at::Tensor& ids, std::span<const int64_t> cuts, Part part);

}  // namespace cambium::analysis
