#include "cambium/analysis/order_grid.h"
#include "cambium/analysis/run.h"

namespace cambium::analysis {

Values remove_layers(Context& context) {
  const int64_t layers = context.num_layers();
  const std::vector<int64_t> sizes = group_sizes(layers);
  OrderGrid grid(layers);
  const size_t table = grid.add_table("", {layers, static_cast<int64_t>(sizes.size())});
  for (size_t column = 0; column < sizes.size(); ++column) {
    for (int64_t start = 0; start + sizes[column] <= layers; ++start) {
      grid.add(table, {start, static_cast<int64_t>(column)}, removed(layers, start, sizes[column]));
    }
  }
  Values values = grid.run(context);
  values["sizes"] = sizes;
  return values;
}

}  // namespace cambium::analysis
