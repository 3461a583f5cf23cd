#pragma once

#include <ATen/ATen.h>

#include <cstdint>
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

/// The forward pass over packed rows, without gradients; layers and their order as in `Forward`.
class PackedForward {
 public:
  explicit PackedForward(Llama& model) : model_(model) {}

  /// The last layer's output after the final norm, [rows, hidden] in the compute type, valid until the next call.
  /// `order` empty: the model's own. Throws InvalidArgument for ids outside the vocabulary or layers outside the model.
  at::Tensor hidden(const PackedRows& rows, std::span<const int> order);

 private:
  struct Call;
  void run_layer(const Call& call, int64_t place, int64_t layer);
  void attend(const Call& call, int64_t place);

  Llama& model_;
  int64_t capacity_ = 0;  ///< rows that the buffers hold
  std::optional<LayerBuffers> buffers_;
  at::Tensor stream_, next_stream_;  ///< [rows, hidden] float32
};

}  // namespace cambium::model
