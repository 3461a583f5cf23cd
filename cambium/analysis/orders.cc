#include "cambium/analysis/orders.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "cambium/analysis/batch.h"
#include "cambium/analysis/values.h"
#include "cambium/base/error.h"

namespace cambium::analysis {
namespace {

/// What every batch is run through, and where results are kept.
class OrderRun {
 public:
  OrderRun(Context& context, std::span<const Order> orders) : context_(context), orders_(orders) {}

  at::Tensor losses() {
    const std::vector<Batch> batches = make_batches(context_.prompts.prompts, context_.settings.batch_tokens);
    context_.partial.expect(static_cast<int64_t>(batches.size() * orders_.size()), "passes");
    at::Tensor all = at::zeros(
        {static_cast<int64_t>(orders_.size()), static_cast<int64_t>(context_.prompts.prompts.size())}, at::kDouble);
    for (size_t b = 0; b < batches.size(); ++b) {
      std::vector<at::Tensor> streams;  // made when the first order asks for them
      for (size_t o = 0; o < orders_.size(); ++o) {
        const Values sums = context_.partial.get(format("{} {}", b, orders_[o]), [&] {
          if (streams.empty()) {
            streams = context_.engine.streams(batches[b].ids);
          }
          return to_json(sums_of(batches[b], streams, orders_[o]));
        });
        for (size_t row = 0; row < batches[b].prompts.size(); ++row) {
          const Values& sum = sums.at(row);
          all[static_cast<int64_t>(o)][static_cast<int64_t>(batches[b].prompts[row])] =
              sum.is_null() ? std::numeric_limits<double>::quiet_NaN() : sum.get<double>();
        }
      }
    }
    return all;
  }

 private:
  at::Tensor sums_of(const Batch& batch, const std::vector<at::Tensor>& streams, const Order& order) {
    const Order usual = plain(context_.num_layers());
    const auto same = static_cast<size_t>(std::mismatch(order.begin(), order.end(), usual.begin(), usual.end()).first -
                                          order.begin());
    const at::Tensor last = context_.engine.run(streams[same], std::span(order).subspan(same));
    return context_.engine.losses(last, batch.targets).sum(1, /*keepdim=*/false, at::kDouble);
  }

  Context& context_;
  std::span<const Order> orders_;
};

}  // namespace

Order plain(int64_t layers) {
  Order order(static_cast<size_t>(layers));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

Order removed(int64_t layers, int64_t start, int64_t count) {
  Order order = plain(layers);
  order.erase(order.begin() + start, order.begin() + start + count);
  return order;
}

Order swapped(int64_t layers, int64_t first, int64_t second, int64_t size) {
  Order order = plain(layers);
  std::swap_ranges(order.begin() + first, order.begin() + first + size, order.begin() + second);
  return order;
}

Order reversed(int64_t layers, int64_t start, int64_t count) {
  Order order = plain(layers);
  std::reverse(order.begin() + start, order.begin() + start + count);
  return order;
}

Order blocks_ordered(int64_t layers, int64_t size, std::span<const int> blocks) {
  Order order = plain(layers);
  auto to = order.begin();
  for (const int block : blocks) {
    to = std::generate_n(to, size, [next = static_cast<int>(block * size)]() mutable { return next++; });
  }
  return order;
}

Order looped(int64_t layers, int64_t start, int64_t count, int64_t extra) {
  Order order = plain(layers);
  const Order block(order.begin() + start, order.begin() + start + count);
  for (int64_t i = 0; i < extra; ++i) {
    order.insert(order.begin() + start + count, block.begin(), block.end());
  }
  return order;
}

at::Tensor order_losses(Context& context, std::span<const Order> orders) {
  if (context.prompts.targets() == 0) {
    bad_input("{}: expected a prompt of at least two tokens to measure the loss on", context.prompts.source);
  }
  return OrderRun(context, orders).losses();
}

at::Tensor mean_losses(const Context& context, const at::Tensor& losses) {
  return losses.sum(1) / static_cast<double>(context.prompts.targets());
}

std::vector<int64_t> group_sizes(int64_t most) {
  std::vector<int64_t> sizes;
  for (const int64_t size : {1, 2, 4, 8}) {
    if (size <= most) {
      sizes.push_back(size);
    }
  }
  return sizes;
}

}  // namespace cambium::analysis
