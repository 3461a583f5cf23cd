#include "cambium/analysis/order_grid.h"
#include "cambium/analysis/run.h"

namespace cambium::analysis {

Values swap_layers(Context& context) {
  const int64_t layers = context.num_layers(), block = context.settings.block_size;
  const std::vector<int64_t> sizes = group_sizes(layers / 2);
  OrderGrid grid(layers);
  const size_t table = grid.add_table("", {layers, static_cast<int64_t>(sizes.size())});
  for (size_t column = 0; column < sizes.size(); ++column) {
    const int64_t size = sizes[column];
    for (int64_t start = 0; start + 2 * size <= layers; ++start) {
      grid.add(table, {start, static_cast<int64_t>(column)}, swapped(layers, start, start + size, size));
    }
  }
  if (block > 0 && layers >= 2 * block) {
    const int64_t blocks = layers / block;
    const size_t pairs = grid.add_table("blocks", {blocks, blocks});
    for (int64_t i = 0; i < blocks; ++i) {
      grid.add(pairs, {i, i}, plain(layers));
      for (int64_t j = i + 1; j < blocks; ++j) {
        const Order order = swapped(layers, i * block, j * block, block);
        grid.add(pairs, {i, j}, order);
        grid.add(pairs, {j, i}, order);
      }
    }
  }
  Values values = grid.run(context);
  values["sizes"] = sizes;
  if (block > 0) {
    values["block_size"] = block;
  }
  return values;
}

}  // namespace cambium::analysis
