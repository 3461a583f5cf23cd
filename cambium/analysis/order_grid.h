#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "cambium/analysis/orders.h"

namespace cambium::analysis {

/// Orders, and the cells of tables that what is measured on them goes to; the plain order is always the first.
class OrderGrid {
 public:
  explicit OrderGrid(int64_t layers) : orders_{plain(layers)} {}
  /// A new table, empty; no sizes: a single number. Values carry its name behind what is measured ("nll_blocks"; for
  /// the empty name "nll").
  size_t add_table(std::string name, std::vector<int64_t> sizes);
  /// What is measured on `order` goes to a cell. Orders that are there already (and the plain one) are run once.
  void add(size_t table, std::vector<int64_t> cell, const Order& order);
  /// Runs all of them: `baseline_nll` and every table of losses, null where there is no order. With tasks the same of
  /// `accuracy`, the mean over the tasks, and `accuracy_by_task`, with the task as the last index.
  Values run(Context& context) const;

 private:
  struct Cell {
    size_t table;
    std::vector<int64_t> index;
    size_t order;
  };
  struct Table {
    std::string name;
    std::vector<int64_t> sizes;
  };
  /// Adds `name` with the baseline and all tables; measured [orders, ...].
  void add_values(Values& values, const std::string& name, const at::Tensor& measured) const;

  std::vector<Order> orders_;
  std::vector<Table> tables_;
  std::vector<Cell> cells_;
};

}  // namespace cambium::analysis
