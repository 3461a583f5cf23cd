#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cambium::growth {

/// How a new layer's weights come about.
enum class Making {
  kCopy,      ///< bit for bit those of its source
  kIdentity,  ///< a copy whose output projections (o_proj, down_proj) are zero: the layer adds nothing
  kFresh,     ///< drawn as at the start of training; no source
  kAverage,   ///< the mean of its source and its partner
};

constexpr int kNoSource = -1;

/// Where new layers come from and where they go, in layer indices of the model before growth (0-based).
struct Growth {
  std::vector<int> sources;      ///< of each new layer, in their order in the grown model; kNoSource: drawn anew
  int insert_at;                 ///< index of the first new layer in the grown model
  std::vector<int> places = {};  ///< index of each new layer in the grown model, ascending; empty: one behind the other
  std::vector<int> partners = {};  ///< Making::kAverage: the other layer of each new one's mean
  Making making = Making::kCopy;

  /// Index of the i-th new layer in the grown model.
  int place(size_t i) const { return places.empty() ? insert_at + static_cast<int>(i) : places[i]; }
  bool operator==(const Growth&) const = default;
};

/// What an operator decides on.
struct GrowthRequest {
  int num_layers;
  int block_size;
  uint64_t seed = 1;  ///< of the operators that draw: what they draw is a function of (seed, num_layers)
};

/// One way to grow. `grow --list` and docs/growth.md show the same sentence and picture.
struct Operator {
  std::string_view name;
  std::string_view sentence;
  std::string_view picture;  ///< 8 layers, blocks of 4; the layers of the grown model, new ones in brackets
  std::string_view source;   ///< where it comes from
  bool doubles;              ///< the depth doubles; else it grows by block_size
  bool preserves;            ///< the grown model computes the same function
  Growth (*grow)(const GrowthRequest& request);
};

/// All operators that need nothing but a depth and a block, in the order in which they are shown.
std::span<const Operator> operators();
std::vector<std::string> operator_names();

/// An operator by name. Throws InvalidArgument for an unknown one, naming the nearest.
const Operator& find_operator(std::string_view name);

/// Depth after one growth.
int depth_after(const Operator& op, int num_layers, int block_size);

/// One growth by name. Throws InvalidArgument for an unknown name, or unless `num_layers` is a positive multiple of
/// `block_size`.
Growth grow_by(std::string_view name, const GrowthRequest& request);
inline Growth grow_by(std::string_view name, int num_layers, int block_size) {
  return grow_by(name, GrowthRequest{.num_layers = num_layers, .block_size = block_size});
}

/// The order of the old layers in the grown model: old layers in place, new ones as their sources (kNoSource: none).
/// 8 layers, {sources 2..5, insert_at 4} -> 0 1 2 3 2 3 4 5 4 5 6 7. Throws InvalidArgument where the growth does not
/// fit the depth.
std::vector<int> layer_map(int num_layers, const Growth& growth);

}  // namespace cambium::growth
