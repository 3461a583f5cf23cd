#include "bench/products.h"

#include <algorithm>
#include <limits>

#include "bench/stopwatch.h"
#include "cambium/model/config/head_chunk.h"
#include "cambium/ops/backend.h"
#include "cambium/ops/linear.h"

namespace cambium::bench {
namespace {

/// A weight [out, in] that meets `rows` rows `count` times a step.
struct Product {
  int64_t out, in, rows, count;
  double flops() const { return 2.0 * static_cast<double>(out) * static_cast<double>(in) * static_cast<double>(rows); }
};

std::vector<Product> products_of(const Trainee& trainee) {
  const model::ModelConfig& shape = trainee.model.config;
  const int64_t n = trainee.micro_batch * trainee.config.train.sequence_length;
  const int64_t d = shape.hidden_size, f = shape.intermediate_size;
  const int64_t queries = shape.num_attention_heads * shape.head_dim();
  const int64_t keys = shape.num_key_value_heads * shape.head_dim();
  const int64_t batches = trainee.micro_batches(), layers = batches * shape.num_hidden_layers;
  const int64_t chunk = std::min(n, model::head_chunk_rows(shape, n, trainee.model.device().is_cpu()));
  std::vector<Product> products{{queries + 2 * keys, d, n, layers},
                                {d, queries, n, layers},
                                {2 * f, d, n, layers},
                                {d, f, n, layers},
                                {shape.vocab_size, d, chunk, batches * (n / chunk)}};
  if (n % chunk != 0) {
    products.push_back({shape.vocab_size, d, n % chunk, batches});
  }
  return products;
}

template <typename Work>
double best_of_several(ops::Backend* device, Work&& work) {
  constexpr int kTries = 7;
  constexpr double kSeconds = 0.02;  // small products need many tries to meet a quiet moment
  const Stopwatch watch;
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kTries || watch.seconds() < kSeconds; ++i) {
    best = std::min(best, seconds_of([&] {
                      work();
                      if (device != nullptr) {
                        device->synchronize();
                      }
                    }));
  }
  return best;
}

/// The three products of one weight.
double seconds_of_product(const Product& product, const at::TensorOptions& options, ProductsBy by) {
  const at::Tensor x = at::randn({product.rows, product.in}).to(options);
  const at::Tensor w = at::randn({product.out, product.in}).to(options);
  const at::Tensor dy = at::randn({product.rows, product.out}).to(options);
  ops::Backend* device = ops::backend_of(x);
  at::Tensor y = at::empty_like(dy), dx = at::empty_like(x);
  if (by == ProductsBy::kOps) {
    at::Tensor dw = at::zeros({product.out, product.in}, options.dtype(at::kFloat));
    return best_of_several(device, [&] { ops::linear(x, w, y); }) +
           best_of_several(device, [&] { ops::linear_input_grad(dy, w, dx); }) +
           best_of_several(device, [&] { ops::linear_weight_grad(dy, x, dw); });
  }
  at::Tensor dw = at::empty_like(w);
  return best_of_several(device, [&] { at::mm_out(y, x, w.t()); }) +
         best_of_several(device, [&] { at::mm_out(dx, dy, w); }) +
         best_of_several(device, [&] { at::mm_out(dw, dy.t(), x); });
}

}  // namespace

ProductTimes measure_products(const Trainee& trainee, ProductsBy by) {
  const at::TensorOptions options = trainee.model.options(model::compute_type(trainee.model.precision));
  ProductTimes times{};
  for (const Product& product : products_of(trainee)) {
    const auto count = static_cast<double>(product.count);
    times.seconds += count * seconds_of_product(product, options, by);
    times.flops += count * 3 * product.flops();
  }
  times.tokens_per_second = static_cast<double>(trainee.batch_tokens()) / times.seconds;
  return times;
}

}  // namespace cambium::bench
