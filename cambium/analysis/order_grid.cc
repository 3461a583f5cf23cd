#include "cambium/analysis/order_grid.h"

#include <algorithm>
#include <limits>

#include "cambium/analysis/tasks.h"
#include "cambium/analysis/values.h"

namespace cambium::analysis {

size_t OrderGrid::add_table(std::string name, std::vector<int64_t> sizes) {
  tables_.push_back({.name = std::move(name), .sizes = std::move(sizes)});
  return tables_.size() - 1;
}

void OrderGrid::add(size_t table, std::vector<int64_t> cell, const Order& order) {
  const auto found = std::find(orders_.begin(), orders_.end(), order);
  const auto index = static_cast<size_t>(found - orders_.begin());
  if (found == orders_.end()) {
    orders_.push_back(order);
  }
  cells_.push_back({.table = table, .index = std::move(cell), .order = index});
}

Values OrderGrid::run(Context& context) const {
  Values values;
  add_values(values, "nll", mean_losses(context, order_losses(context, orders_)));
  if (const Tasks* tasks = context.settings.tasks) {
    std::vector<model::Route> routes;
    for (const Order& order : orders_) {
      routes.push_back({.order = order});
    }
    const at::Tensor accuracies = tasks->accuracies(context, routes, "tasks");
    add_values(values, "accuracy", accuracies.mean(1));
    add_values(values, "accuracy_by_task", accuracies);
    values["tasks"] = tasks->names();
  }
  return values;
}

void OrderGrid::add_values(Values& values, const std::string& name, const at::Tensor& measured) const {
  std::vector<at::Tensor> tables;
  for (const Table& table : tables_) {
    std::vector<int64_t> sizes = table.sizes;
    sizes.insert(sizes.end(), measured.sizes().begin() + 1, measured.sizes().end());
    tables.push_back(at::full(sizes, std::numeric_limits<double>::quiet_NaN(), at::kDouble));
  }
  for (const Cell& cell : cells_) {
    at::Tensor place = tables[cell.table];
    for (const int64_t i : cell.index) {
      place = place[i];
    }
    place.copy_(measured[static_cast<int64_t>(cell.order)]);
  }
  values["baseline_" + name] = to_json(measured[0]);
  for (size_t i = 0; i < tables.size(); ++i) {
    values[name + (tables_[i].name.empty() ? "" : "_" + tables_[i].name)] = to_json(tables[i]);
  }
}

}  // namespace cambium::analysis
