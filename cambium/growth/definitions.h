#pragma once

#include "cambium/growth/operator.h"

/// The operators, one function each. L layers, blocks of b, n = L / b of them, counted from 0. The middle block is
/// m = ceil(n / 2) - 1, the lower one of an even number; "behind the middle block" is layer (m + 1) b. All throw
/// InvalidArgument unless L is a positive multiple of b.
namespace cambium::growth {

/// MIDAS (Saunshi et al. 2024): layers m b … m b + b - 1, behind the middle block.
Growth midas(const GrowthRequest& request);
/// LIDAS (Kapl et al. 2025): layers ceil(L / 2) - ceil(b / 2) and the b - 1 after it, behind the middle block.
Growth lidas(const GrowthRequest& request);
/// The same copies, inserted at ceil(L / 2), also where that lies inside the middle block (n odd).
Growth lidas_middle(const GrowthRequest& request);
/// GradStack (compared with in Saunshi et al. 2024): layers L - b … L - 1, at L.
Growth gradstack(const GrowthRequest& request);
/// Layers 0 … b - 1, at b.
Growth bottom(const GrowthRequest& request);
/// Block j drawn from n, at layer p b with p drawn from 0 … n.
Growth random_block(const GrowthRequest& request);
/// b different layers drawn from L, ascending, behind the middle block.
Growth random_layers(const GrowthRequest& request);
/// Layer i again right behind itself, for all i: place 2 i + 1 of 2 L.
Growth interpose(const GrowthRequest& request);
/// All layers again, at L.
Growth stack(const GrowthRequest& request);
/// MIDAS with silent copies (Making::kIdentity; LLaMA-Pro, Wu et al. 2024).
Growth identity(const GrowthRequest& request);
/// b new layers behind the middle block.
Growth fresh(const GrowthRequest& request);
/// Layer i of the new block is the mean of layers m b + i and (m + 1) b + i, the blocks that it comes to stand between;
/// of a single block, its copy.
Growth average(const GrowthRequest& request);

}  // namespace cambium::growth
