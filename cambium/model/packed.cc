#include "cambium/model/packed.h"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <numeric>

#include "cambium/base/error.h"
#include "cambium/ops/attention.h"
#include "cambium/ops/attention_input.h"
#include "cambium/ops/attention_output.h"
#include "cambium/ops/embedding.h"
#include "cambium/ops/rms_norm.h"

namespace cambium::model {
namespace {

template <typename T>
at::Tensor tensor_of(const std::vector<T>& values, at::ScalarType type, at::Device device) {
  at::Tensor tensor = at::empty({static_cast<int64_t>(values.size())}, type);
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<T>());
  return tensor.to(device);
}

/// The slots of the ranges, one behind the other, as [1, keys, heads, head_dim]. A view where they are one range.
at::Tensor gathered(const at::Tensor& from, const std::vector<PackedSegment::Range>& ranges) {
  std::vector<at::Tensor> parts;
  for (const auto& range : ranges) {
    parts.push_back(from.narrow(0, range.begin, range.size));
  }
  return (parts.size() == 1 ? parts[0] : at::cat(parts, 0)).unsqueeze(0);
}

/// Layers that both begin with.
size_t common(const std::vector<int>& a, const std::vector<int>& b) {
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

void check(const Llama& model, const PackedRows& rows, std::span<const Route> routes) {
  const auto outside = [&](int32_t id) { return id < 0 || id >= model.config.vocab_size; };
  if (const auto bad = std::find_if(rows.ids.begin(), rows.ids.end(), outside); bad != rows.ids.end()) {
    throw InvalidArgument(
        format("expected token ids below the vocabulary of {}, found {}", model.config.vocab_size, *bad));
  }
  for (const Route& route : routes) {
    for (const int layer : route.order) {
      if (layer < 0 || layer >= model.num_layers()) {
        throw InvalidArgument(format("layer order: expected layers 0 to {}, found {}", model.num_layers() - 1, layer));
      }
    }
  }
}

}  // namespace

KvSlots make_slots(const Llama& model, int64_t slots, int64_t places) {
  KvSlots store;
  const at::TensorOptions options = model.options(compute_type(model.precision));
  const std::vector<int64_t> shape{slots, model.config.num_key_value_heads, model.config.head_dim()};
  for (int64_t place = 0; place < places; ++place) {
    store.keys.push_back(at::empty(shape, options));
    store.values.push_back(at::empty(shape, options));
  }
  return store;
}

struct PackedForward::Call {
  const PackedRows& rows;
  int64_t count;        ///< of rows
  ops::RopeTable rope;  ///< entry i: the rotation of row i's position
  at::Tensor slots;
};

at::Tensor PackedForward::hidden(const PackedRows& rows, const Route& route) {
  at::Tensor end;
  hidden(rows, std::span(&route, 1), [&](size_t, const at::Tensor& reached) { end = reached; });
  return end;
}

void PackedForward::hidden(const PackedRows& rows, std::span<const Route> routes, const Reached& reached) {
  const c10::NoGradGuard no_grad;
  check(model_, rows, routes);
  const auto count = static_cast<int64_t>(rows.ids.size());
  model_.reserve_positions(1 + *std::max_element(rows.positions.begin(), rows.positions.end()));
  if (count != capacity_) {
    buffers_.reset();
    buffers_.emplace(model_.config, 1, count, model_.options(compute_type(model_.precision)));
    capacity_ = count;
  }
  const at::Tensor positions = tensor_of(rows.positions, at::kLong, model_.device());
  const Call call{.rows = rows,
                  .count = count,
                  .rope = {model_.rope.cos.index_select(0, positions), model_.rope.sin.index_select(0, positions)},
                  .slots = tensor_of(rows.slots, at::kLong, model_.device())};
  // Routes that begin alike follow each other; kept[k] is the stream behind the first k layers, as far as the next
  // route begins with the same.
  std::vector<size_t> turns(routes.size());
  std::iota(turns.begin(), turns.end(), 0);
  std::stable_sort(turns.begin(), turns.end(), [&](size_t a, size_t b) { return routes[a].order < routes[b].order; });
  std::vector<at::Tensor> kept{at::empty({count, model_.config.hidden_size}, model_.options(at::kFloat))};
  ops::embedding(model_.embedding(), tensor_of(rows.ids, at::kInt, model_.device()), kept[0]);
  for (size_t turn = 0; turn < turns.size(); ++turn) {
    const std::vector<int>& order = routes[turns[turn]].order;
    const size_t alike = turn + 1 < turns.size() ? common(order, routes[turns[turn + 1]].order) : 0;
    at::Tensor stream = kept.back();
    for (size_t place = kept.size() - 1; place < order.size(); ++place) {
      stream = run_layer(call, static_cast<int64_t>(place), order[place], stream);
      if (place < alike) {
        kept.push_back(stream);
      }
    }
    kept.resize(alike + 1);
    reached(turns[turn], end(routes[turns[turn]], stream));
  }
}

at::Tensor PackedForward::end(const Route& route, at::Tensor stream) {
  if (route.translate) {
    stream = route.translate(stream);
  }
  at::Tensor normed = at::empty(stream.sizes(), model_.options(compute_type(model_.precision)));
  at::Tensor inv_rms = at::empty({stream.size(0)}, model_.options(at::kFloat));
  ops::rms_norm(stream, model_.final_norm(), model_.config.rms_norm_eps, 1.0, normed, inv_rms);
  return normed;
}

/// The ops of `layer_forward`; only attention differs.
at::Tensor PackedForward::run_layer(const Call& call, int64_t place, int64_t layer, const at::Tensor& stream) {
  const ModelConfig& config = model_.config;
  const LayerWeights weights = model_.layer(layer);
  const double scale = model_.norm_scale(layer);
  const ops::AttentionInput input{.norm = weights.input_norm,
                                  .w = weights.qkv,
                                  .eps = config.rms_norm_eps,
                                  .scale = scale,
                                  .rope = call.rope,
                                  .rotated_heads = config.num_attention_heads + config.num_key_value_heads,
                                  .head_dim = config.head_dim(),
                                  .seq = call.count,
                                  .first_position = 0};
  at::Tensor unseen, next = at::empty_like(stream);
  ops::attention_input(input, stream, buffers_->normed_input, buffers_->inv_rms_input, buffers_->qkv);
  attend(call, place);
  ops::attention_output(buffers_->attended, weights.o, stream, unseen, buffers_->middle);
  ops::mlp({weights.mlp_norm, weights.gate_up, weights.down}, {.eps = config.rms_norm_eps, .scale = scale},
           buffers_->middle, buffers_->mlp, unseen, next);
  return next;
}

void PackedForward::attend(const Call& call, int64_t place) {
  const int64_t heads = model_.config.num_attention_heads, kv_heads = model_.config.num_key_value_heads;
  const int64_t head_dim = model_.config.head_dim();
  const at::Tensor all = buffers_->qkv.view({call.count, heads + 2 * kv_heads, head_dim});
  const at::Tensor q = all.narrow(1, 0, heads);
  at::Tensor keys = all.narrow(1, heads, kv_heads), values = all.narrow(1, heads + kv_heads, kv_heads);
  if (KvSlots* store = call.rows.store) {
    store->keys.at(static_cast<size_t>(place)).index_copy_(0, call.slots, keys);
    store->values.at(static_cast<size_t>(place)).index_copy_(0, call.slots, values);
    keys = store->keys[static_cast<size_t>(place)];
    values = store->values[static_cast<size_t>(place)];
  }
  const at::Tensor out = buffers_->attended.view({call.count, heads, head_dim});
  for (const PackedSegment& segment : call.rows.segments) {
    at::Tensor attended = out.narrow(0, segment.row, segment.rows).unsqueeze(0);
    at::Tensor lse = at::empty({1, heads, segment.rows}, out.options().dtype(at::kFloat));
    ops::attention(q.narrow(0, segment.row, segment.rows).unsqueeze(0), gathered(keys, segment.keys),
                   gathered(values, segment.keys), attended, lse);
  }
}

}  // namespace cambium::model
