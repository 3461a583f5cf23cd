#pragma once

#include <ATen/ATen.h>

namespace cambium::analysis {

/// Σ l · e_l / Σ e_l over 0-based layers of effects e [layers] (Csordas et al. 2025): (layers - 1) / 2 for uniform
/// effects, s where only layer s has one; NaN where there is none.
double depth_score_of(const at::Tensor& effects);

/// e_s = Σ_i E[s][i] / max(layers - 1 - s, 1) of effects on later layers [layers, layers].
at::Tensor mean_effect_on_later(const at::Tensor& layer_effect);

}  // namespace cambium::analysis
