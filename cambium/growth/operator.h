#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cambium::growth {

/// Where the new block comes from and where it goes, in layer indices of the model before growth (0-based).
struct Growth {
  std::vector<int> sources;  ///< layers to copy, in the order in which the copies are inserted
  int insert_at;             ///< index of the first new layer in the grown model
  bool operator==(const Growth&) const = default;
};

/// MIDAS (Saunshi et al. 2024): copies the middle block of `block_size` layers and inserts the copy right behind it.
/// Throws InvalidArgument unless `num_layers` is a positive multiple of `block_size`.
Growth midas(int num_layers, int block_size);

/// LIDAS (Kapl et al. 2025): copies the `block_size` layers about the exact middle, inserted where MIDAS inserts.
/// Throws InvalidArgument unless `num_layers` is a positive multiple of `block_size`.
Growth lidas(int num_layers, int block_size);

/// The names that `grow_by` takes.
std::vector<std::string> operator_names();

/// One growth by name. Throws InvalidArgument for an unknown name (naming the nearest).
Growth grow_by(std::string_view name, int num_layers, int block_size);

/// The order of the old layers in the grown model: old layers in place, copies at `insert_at`.
/// 8 layers, {sources 2..5, insert_at 4} -> 0 1 2 3 2 3 4 5 4 5 6 7.
std::vector<int> layer_map(int num_layers, const Growth& growth);

}  // namespace cambium::growth
