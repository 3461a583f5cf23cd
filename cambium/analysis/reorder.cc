#include <algorithm>
#include <numeric>

#include "cambium/analysis/order_grid.h"
#include "cambium/analysis/run.h"
#include "cambium/analysis/values.h"
#include "cambium/base/format.h"
#include "cambium/base/random.h"

namespace cambium::analysis {
namespace {

constexpr int64_t kShuffles = 8, kMostLoops = 3;

/// Layers of a block, or 1 where the model is not made of blocks: then every layer is one.
int64_t unit_of(const Context& context) { return std::max<int64_t>(1, context.settings.block_size); }

std::vector<int> numbers(int64_t count) {
  std::vector<int> all(static_cast<size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// The s-th drawn order of the blocks.
std::vector<int> drawn(int64_t blocks, uint64_t seed, int64_t s) {
  std::vector<int> order = numbers(blocks);
  CounterRandom random(seed, format("analysis.shuffle.{}", s));
  for (size_t i = order.size(); i-- > 1;) {
    std::swap(order[i], order[random.below(i + 1)]);
  }
  return order;
}

/// Every block's layers backwards, the blocks in place.
Order within_blocks(int64_t layers, int64_t block) {
  Order order = plain(layers);
  for (int64_t first = 0; first + block <= layers; first += block) {
    std::reverse(order.begin() + first, order.begin() + first + block);
  }
  return order;
}

}  // namespace

Values reverse_layers(Context& context) {
  const int64_t layers = context.num_layers(), block = unit_of(context);
  std::vector<int64_t> sizes = group_sizes(layers);
  sizes.erase(sizes.begin());  // one layer backwards is itself
  OrderGrid grid(layers);
  if (!sizes.empty()) {
    const size_t table = grid.add_table("", {layers, static_cast<int64_t>(sizes.size())});
    for (size_t column = 0; column < sizes.size(); ++column) {
      for (int64_t start = 0; start + sizes[column] <= layers; ++start) {
        grid.add(table, {start, static_cast<int64_t>(column)}, reversed(layers, start, sizes[column]));
      }
    }
  }
  std::vector<int> backwards = numbers(layers / block);
  std::reverse(backwards.begin(), backwards.end());
  grid.add(grid.add_table("all_layers", {}), {}, reversed(layers, 0, layers));
  grid.add(grid.add_table("blocks", {}), {}, blocks_ordered(layers, block, backwards));
  grid.add(grid.add_table("within_blocks", {}), {}, within_blocks(layers, block));
  Values values = grid.run(context);
  values["sizes"] = sizes;
  values["block_size"] = block;
  return values;
}

Values shuffle_blocks(Context& context) {
  const int64_t layers = context.num_layers(), block = unit_of(context), blocks = layers / block;
  OrderGrid grid(layers);
  const size_t table = grid.add_table("", {kShuffles});
  Values orders = Values::array();
  for (int64_t s = 0; s < kShuffles; ++s) {
    const std::vector<int> order = drawn(blocks, context.settings.seed, s);
    grid.add(table, {s}, blocks_ordered(layers, block, order));
    orders.push_back(order);
  }
  Values values = grid.run(context);
  for (const std::string name : {"nll", "accuracy"}) {
    if (values.contains(name)) {
      values["mean_" + name] = to_json(to_tensor(values.at(name)).mean());
    }
  }
  values["orders"] = orders;
  values["block_size"] = block;
  return values;
}

Values loop_blocks(Context& context) {
  const int64_t layers = context.num_layers(), block = unit_of(context);
  OrderGrid grid(layers);
  const size_t table = grid.add_table("", {layers / block, kMostLoops});
  for (int64_t b = 0; b < layers / block; ++b) {
    for (int64_t extra = 1; extra <= kMostLoops; ++extra) {
      grid.add(table, {b, extra - 1}, looped(layers, b * block, block, extra));
    }
  }
  Values values = grid.run(context);
  values["extra"] = {1, 2, 3};
  values["block_size"] = block;
  return values;
}

}  // namespace cambium::analysis
