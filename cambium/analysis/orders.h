#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>
#include <vector>

#include "cambium/analysis/analysis.h"

namespace cambium::analysis {

/// Layers in the order in which a pass runs them.
using Order = std::vector<int>;

Order plain(int64_t layers);
/// Without layers start … start + count - 1.
Order removed(int64_t layers, int64_t start, int64_t count);
/// Groups of `size` layers that begin at `first` and `second` (first + size ≤ second) in each other's place.
Order swapped(int64_t layers, int64_t first, int64_t second, int64_t size);
/// Layers start … start + count - 1 backwards.
Order reversed(int64_t layers, int64_t start, int64_t count);
/// Blocks of `size` layers in the order of `blocks`; layers behind the last whole block stay.
Order blocks_ordered(int64_t layers, int64_t size, std::span<const int> blocks);
/// Layers start … start + count - 1 run 1 + extra times.
Order looped(int64_t layers, int64_t start, int64_t count, int64_t extra);

/// Sum of -log p (nats) over each prompt's tokens that have one before them, for every order: [orders, prompts]
/// float64. The layers that an order begins with as the plain pass does are not computed again. Throws InvalidInput
/// where no prompt has two tokens.
at::Tensor order_losses(Context& context, std::span<const Order> orders);

/// Mean over all tokens of all prompts: [orders] nats a token.
at::Tensor mean_losses(const Context& context, const at::Tensor& losses);

/// Sizes of the groups that `remove` and `swap` move: 1, 2, 4, 8 up to `most`.
std::vector<int64_t> group_sizes(int64_t most);

}  // namespace cambium::analysis
