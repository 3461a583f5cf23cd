#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "cambium/model/layer.h"
#include "cambium/model/llama.h"

namespace cambium::model {

/// Keys and values by slot, one pair a place of the layer order: [slots, kv heads, head_dim].
struct KvSlots {
  std::vector<at::Tensor> keys, values;
};
KvSlots make_slots(const Llama& model, int64_t slots, int64_t places);

/// Rows next to each other that belong to one sequence.
struct PackedSegment {
  struct Range {
    int64_t begin, size;
  };
  int64_t row, rows;
  std::vector<Range> keys;  ///< slots of the sequence from its first token to this segment's last, in order
};

/// The rows of one pass over many sequences without padding. Segments of different sequences may share slots: a common
/// prefix is computed once, and its keys serve everything behind it.
struct PackedRows {
  std::vector<int32_t> ids;        ///< [rows]
  std::vector<int64_t> positions;  ///< [rows], in their sequences
  std::vector<PackedSegment> segments;
  KvSlots* store = nullptr;         ///< where keys stay from pass to pass; without it slot i is row i of this pass
  std::vector<int64_t> slots = {};  ///< [rows], with a store: where each row's keys go
};

/// A way through the model.
struct Route {
  std::vector<int> order;  ///< layers as they follow each other; there may be none
  /// What the stream behind them, [rows, hidden] float32, turns into before the final norm; none: it stays as it is.
  std::function<at::Tensor(const at::Tensor& stream)> translate = {};
};

/// The forward pass over packed rows, without gradients.
class PackedForward {
 public:
  using Reached = std::function<void(size_t route, const at::Tensor& hidden)>;

  explicit PackedForward(Llama& model) : model_(model) {}

  /// The end of the route after the final norm, [rows, hidden] in the compute type. Throws InvalidArgument for ids
  /// outside the vocabulary or layers outside the model.
  at::Tensor hidden(const PackedRows& rows, const Route& route);
  /// The same of several routes, in an order of its own: layers that routes begin with alike are run once. Rows without
  /// a store.
  void hidden(const PackedRows& rows, std::span<const Route> routes, const Reached& reached);

 private:
  struct Call;
  at::Tensor run_layer(const Call& call, int64_t place, int64_t layer, const at::Tensor& stream);
  void attend(const Call& call, int64_t place);
  at::Tensor end(const Route& route, at::Tensor stream);

  Llama& model_;
  int64_t capacity_ = 0;  ///< rows that the buffers hold
  std::optional<LayerBuffers> buffers_;
};

}  // namespace cambium::model
