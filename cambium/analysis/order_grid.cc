#include "cambium/analysis/order_grid.h"

#include <algorithm>
#include <limits>

#include "cambium/analysis/values.h"

namespace cambium::analysis {

size_t OrderGrid::add_table(std::string name, int64_t rows, int64_t columns) {
  tables_.push_back({.name = std::move(name), .rows = rows, .columns = columns});
  return tables_.size() - 1;
}

void OrderGrid::add(size_t table, int64_t row, int64_t column, const Order& order) {
  const auto found = std::find(orders_.begin(), orders_.end(), order);
  const auto index = static_cast<size_t>(found - orders_.begin());
  if (found == orders_.end()) {
    orders_.push_back(order);
  }
  cells_.push_back({.table = table, .row = row, .column = column, .order = index});
}

Values OrderGrid::run(Context& context) const {
  const at::Tensor nll = mean_losses(context, order_losses(context, orders_));
  std::vector<at::Tensor> tables;
  for (const Table& table : tables_) {
    tables.push_back(at::full({table.rows, table.columns}, std::numeric_limits<double>::quiet_NaN(), at::kDouble));
  }
  for (const Cell& cell : cells_) {
    tables[cell.table][cell.row][cell.column] = nll[static_cast<int64_t>(cell.order)];
  }
  Values values{{"baseline_nll", to_json(nll[0])}};
  for (size_t i = 0; i < tables.size(); ++i) {
    values[tables_[i].name] = to_json(tables[i]);
  }
  return values;
}

}  // namespace cambium::analysis
