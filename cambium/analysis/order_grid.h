#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "cambium/analysis/orders.h"

namespace cambium::analysis {

/// Orders with the cells of a table that their losses go to; the plain order is always the first.
class OrderGrid {
 public:
  explicit OrderGrid(int64_t layers) : orders_{plain(layers)} {}
  /// A new table [rows][columns], empty.
  size_t add_table(std::string name, int64_t rows, int64_t columns);
  /// The loss of `order` goes to a cell. Orders that are there already (and the plain one) are run once.
  void add(size_t table, int64_t row, int64_t column, const Order& order);
  /// Runs all of them: `baseline_nll` and every table under its name, null where there is no order.
  Values run(Context& context) const;

 private:
  struct Cell {
    size_t table;
    int64_t row, column;
    size_t order;
  };
  struct Table {
    std::string name;
    int64_t rows, columns;
  };
  std::vector<Order> orders_;
  std::vector<Table> tables_;
  std::vector<Cell> cells_;
};

}  // namespace cambium::analysis
