#include "cambium/growth/operator.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "cambium/base/error.h"
#include "cambium/base/text.h"

namespace cambium::growth {
namespace {

struct Operator {
  std::string_view name;
  Growth (*grow)(int num_layers, int block_size);
};

constexpr std::array kOperators{
    Operator{"midas", midas},
    Operator{"lidas", lidas},
};

int ceil_half(int value) { return (value + 1) / 2; }

void check_blocks(int num_layers, int block_size) {
  if (block_size < 1) throw InvalidArgument(format("block_size: expected 1 or more layers, found {}", block_size));
  if (num_layers >= block_size && num_layers % block_size == 0) return;
  const int below = num_layers / block_size * block_size;
  const std::string nearest_depths =
      num_layers < block_size ? format("{}", block_size) : format("{} or {}", below, int64_t{below} + block_size);
  throw InvalidArgument(format("a depth of {} layers is no positive multiple of the block of {} (nearest: {})",
                               num_layers, block_size, nearest_depths));
}

/// Index of the middle block, counted from 0: the lower one of an even number.
int middle_block(int num_layers, int block_size) { return ceil_half(num_layers / block_size) - 1; }

Growth copy_behind_middle_block(int first_source, int num_layers, int block_size) {
  Growth growth{std::vector<int>(static_cast<size_t>(block_size)),
                (middle_block(num_layers, block_size) + 1) * block_size};
  std::iota(growth.sources.begin(), growth.sources.end(), first_source);
  return growth;
}

}  // namespace

Growth midas(int num_layers, int block_size) {
  check_blocks(num_layers, block_size);
  return copy_behind_middle_block(middle_block(num_layers, block_size) * block_size, num_layers, block_size);
}

Growth lidas(int num_layers, int block_size) {
  check_blocks(num_layers, block_size);
  return copy_behind_middle_block(ceil_half(num_layers) - ceil_half(block_size), num_layers, block_size);
}

std::vector<std::string> operator_names() {
  std::vector<std::string> names;
  for (const Operator& op : kOperators) names.emplace_back(op.name);
  return names;
}

Growth grow_by(std::string_view name, int num_layers, int block_size) {
  for (const Operator& op : kOperators) {
    if (op.name == name) return op.grow(num_layers, block_size);
  }
  const std::string suggestion = nearest(name, operator_names());
  throw InvalidArgument(format("unknown growth operator `{}`{} (known: {})", name,
                               suggestion.empty() ? "" : format("; did you mean `{}`?", suggestion),
                               join(operator_names(), ", ")));
}

std::vector<int> layer_map(int num_layers, const Growth& growth) {
  const auto is_layer = [&](int layer) { return layer >= 0 && layer < num_layers; };
  if (growth.insert_at < 0 || growth.insert_at > num_layers ||
      !std::all_of(growth.sources.begin(), growth.sources.end(), is_layer)) {
    throw InvalidArgument(format("a growth that copies layers {} to {} and inserts at {} does not fit {} layers",
                                 growth.sources.empty() ? 0 : growth.sources.front(),
                                 growth.sources.empty() ? 0 : growth.sources.back(), growth.insert_at, num_layers));
  }
  std::vector<int> map(static_cast<size_t>(num_layers));
  std::iota(map.begin(), map.end(), 0);
  map.insert(map.begin() + growth.insert_at, growth.sources.begin(), growth.sources.end());
  return map;
}

}  // namespace cambium::growth
