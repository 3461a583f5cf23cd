#include <algorithm>
#include <cmath>

#include "cambium/ops/attention.h"
#include "cambium/ops/cpu.h"

// Per head, blocks of query rows against all keys that they see: scores by a small matrix product, softmax over whole
// rows, then the product with the values. One thread works on one head; its block of scores stays in cache.

namespace cambium::ops {
namespace {

using namespace cpu;

constexpr int64_t kBlockRows = 64;

/// Matrix products of one head run on the calling thread; below the autograd keys a call costs about a microsecond.
void product(const at::Tensor& a, const at::Tensor& b, at::Tensor c) { at::mm_out(c, a, b); }
void add_product(const at::Tensor& a, const at::Tensor& b, at::Tensor c) { at::addmm_out(c, c, a, b); }

/// to [rows, d] float32 contiguous = factor · head `head` of batch entry `batch` of from [b, rows, heads, d].
template <typename T>
void load_head(const at::Tensor& from, int64_t batch, int64_t head, float factor, at::Tensor& to) {
  const int64_t rows = from.size(1), d = from.size(3), stride = from.stride(1);
  const T* in = from.const_data_ptr<T>() + batch * from.stride(0) + head * from.stride(2);
  float* out = to.mutable_data_ptr<float>();
  for (int64_t row = 0; row < rows; ++row) {
#pragma omp simd
    for (int64_t i = 0; i < d; ++i) {
      out[row * d + i] = factor * to_float(in[row * stride + i]);
    }
  }
}

/// The way back: head of to = factor · rows of from, starting at `first_row`.
template <typename T>
void store_head(const at::Tensor& from, int64_t rows, int64_t first_row, const float* row_factor, float factor,
                int64_t batch, int64_t head, at::Tensor& to) {
  const int64_t d = to.size(3), stride = to.stride(1);
  T* out = to.mutable_data_ptr<T>() + batch * to.stride(0) + first_row * stride + head * to.stride(2);
  const float* in = from.const_data_ptr<float>();
  for (int64_t row = 0; row < rows; ++row) {
    const float scale = row_factor == nullptr ? factor : factor * row_factor[row];
#pragma omp simd
    for (int64_t i = 0; i < d; ++i) {
      out[row * stride + i] = from_float<T>(scale * in[row * d + i]);
    }
  }
}

/// Turns `seen` scores of a row into exp(score - max), zeroes the rest; gives (max, sum).
std::pair<float, float> softmax_row(float* row, int64_t seen, int64_t columns) {
  float highest = row[0];
#pragma omp simd reduction(max : highest)
  for (int64_t i = 0; i < seen; ++i) {
    highest = std::max(highest, row[i]);
  }
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < seen; ++i) {
    row[i] = fast_exp(row[i] - highest);
    sum += row[i];
  }
  std::fill(row + seen, row + columns, 0.0F);
  return {highest, sum};
}

template <typename T>
void forward_heads(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::Tensor& out, at::Tensor& lse,
                   int64_t begin, int64_t end) {
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  const int64_t tq = q.size(1), heads = q.size(2), d = q.size(3), tk = k.size(1), group = heads / k.size(2);
  const int64_t before = tk - tq;
  at::Tensor queries = at::empty({tq, d}), keys = at::empty({tk, d}), values = at::empty({tk, d});
  at::Tensor scores = at::empty({kBlockRows * tk}), result = at::empty({kBlockRows, d});
  const float scale = 1.0F / std::sqrt(static_cast<float>(d));
  for (int64_t task = begin; task < end; ++task) {
    const int64_t batch = task / heads, head = task % heads;
    load_head<T>(q, batch, head, scale, queries);
    load_head<T>(k, batch, head / group, 1.0F, keys);
    load_head<T>(v, batch, head / group, 1.0F, values);
    float* row_lse = lse.mutable_data_ptr<float>() + task * tq;
    for (int64_t first = 0; first < tq; first += kBlockRows) {
      const int64_t rows = std::min(kBlockRows, tq - first), columns = before + first + rows;
      at::Tensor block = scores.narrow(0, 0, rows * columns).view({rows, columns});
      product(queries.narrow(0, first, rows), keys.narrow(0, 0, columns).t(), block);
      float* row = block.mutable_data_ptr<float>();
      float inverse_sums[kBlockRows];
      for (int64_t i = 0; i < rows; ++i, row += columns) {
        const auto [highest, sum] = softmax_row(row, before + first + i + 1, columns);
        inverse_sums[i] = 1.0F / sum;
        row_lse[first + i] = highest + std::log(sum);
      }
      product(block, values.narrow(0, 0, columns), result.narrow(0, 0, rows));
      store_head<T>(result, rows, first, inverse_sums, 1.0F, batch, head, out);
    }
  }
}

/// Scratch of one thread for the backward of one head.
struct BackwardScratch {
  BackwardScratch(int64_t t, int64_t d)
      : queries(at::empty({t, d})),
        keys(at::empty({t, d})),
        values(at::empty({t, d})),
        outputs(at::empty({t, d})),
        douts(at::empty({t, d})),
        dkeys(at::empty({t, d})),
        dvalues(at::empty({t, d})),
        dqueries(at::empty({kBlockRows, d})),
        probabilities(at::empty({kBlockRows * t})),
        dscores(at::empty({kBlockRows * t})) {}
  at::Tensor queries, keys, values, outputs, douts, dkeys, dvalues, dqueries, probabilities, dscores;
};

/// p = exp(score - lse) for what row i sees, else 0; ds = p · (dp - Σ_j dout_j · out_j).
void score_gradients(at::Tensor& probabilities, at::Tensor& dscores, const float* lse, const float* dout,
                     const float* out, int64_t first, int64_t d) {
  const int64_t rows = probabilities.size(0), columns = probabilities.size(1);
  float* p = probabilities.mutable_data_ptr<float>();
  float* ds = dscores.mutable_data_ptr<float>();
  for (int64_t i = 0; i < rows; ++i, p += columns, ds += columns) {
    const int64_t seen = first + i + 1;
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (int64_t j = 0; j < d; ++j) {
      dot += dout[i * d + j] * out[i * d + j];
    }
#pragma omp simd
    for (int64_t j = 0; j < seen; ++j) {
      p[j] = fast_exp(p[j] - lse[i]);
      ds[j] = p[j] * (ds[j] - dot);
    }
    std::fill(p + seen, p + columns, 0.0F);
    std::fill(ds + seen, ds + columns, 0.0F);
  }
}

template <typename T>
void backward_groups(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const at::Tensor& out, const at::Tensor& lse, at::Tensor& dq, at::Tensor& dk, at::Tensor& dv,
                     int64_t begin, int64_t end) {
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  const int64_t t = q.size(1), heads = q.size(2), d = q.size(3), key_heads = k.size(2), group = heads / key_heads;
  const float scale = 1.0F / std::sqrt(static_cast<float>(d));
  BackwardScratch s(t, d);
  for (int64_t task = begin; task < end; ++task) {
    const int64_t batch = task / key_heads, key_head = task % key_heads;
    load_head<T>(k, batch, key_head, 1.0F, s.keys);
    load_head<T>(v, batch, key_head, 1.0F, s.values);
    s.dkeys.zero_();
    s.dvalues.zero_();
    for (int64_t head = key_head * group; head < (key_head + 1) * group; ++head) {
      load_head<T>(q, batch, head, scale, s.queries);
      load_head<T>(out, batch, head, 1.0F, s.outputs);
      load_head<T>(dout, batch, head, 1.0F, s.douts);
      const float* row_lse = lse.const_data_ptr<float>() + (batch * heads + head) * t;
      for (int64_t first = 0; first < t; first += kBlockRows) {
        const int64_t rows = std::min(kBlockRows, t - first), columns = first + rows;
        at::Tensor p = s.probabilities.narrow(0, 0, rows * columns).view({rows, columns});
        at::Tensor ds = s.dscores.narrow(0, 0, rows * columns).view({rows, columns});
        const at::Tensor queries = s.queries.narrow(0, first, rows), douts = s.douts.narrow(0, first, rows);
        const at::Tensor keys = s.keys.narrow(0, 0, columns);
        product(queries, keys.t(), p);
        product(douts, s.values.narrow(0, 0, columns).t(), ds);
        score_gradients(p, ds, row_lse + first, douts.const_data_ptr<float>(),
                        s.outputs.const_data_ptr<float>() + first * d, first, d);
        add_product(p.t(), douts, s.dvalues.narrow(0, 0, columns));
        add_product(ds.t(), queries, s.dkeys.narrow(0, 0, columns));
        product(ds, keys, s.dqueries.narrow(0, 0, rows));
        store_head<T>(s.dqueries, rows, first, nullptr, scale, batch, head, dq);
      }
    }
    store_head<T>(s.dkeys, t, 0, nullptr, 1.0F, batch, key_head, dk);
    store_head<T>(s.dvalues, t, 0, nullptr, 1.0F, batch, key_head, dv);
  }
}

}  // namespace

void attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::Tensor& out, at::Tensor& lse) {
  dispatch(q.scalar_type(), "attention", [&]<typename T>() {
    for_range(q.size(0) * q.size(2), 1,
              [&](int64_t begin, int64_t end) { forward_heads<T>(q, k, v, out, lse, begin, end); });
  });
}

void attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                        const at::Tensor& out, const at::Tensor& lse, at::Tensor& dq, at::Tensor& dk, at::Tensor& dv) {
  dispatch(q.scalar_type(), "attention_backward", [&]<typename T>() {
    for_range(k.size(0) * k.size(2), 1,
              [&](int64_t begin, int64_t end) { backward_groups<T>(dout, q, k, v, out, lse, dq, dk, dv, begin, end); });
  });
}

}  // namespace cambium::ops
