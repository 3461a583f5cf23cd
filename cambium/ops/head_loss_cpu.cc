#include <algorithm>
#include <cmath>

#include "cambium/ops/cpu.h"
#include "cambium/ops/head_loss.h"
#include "cambium/ops/linear.h"

namespace cambium::ops {
namespace {

using namespace cpu;

/// log Σ exp of a row.
template <typename T>
float log_sum_exp(const T* logits, int64_t vocab) {
  float highest = to_float(logits[0]);
#pragma omp simd reduction(max : highest)
  for (int64_t i = 0; i < vocab; ++i) {
    highest = std::max(highest, to_float(logits[i]));
  }
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < vocab; ++i) {
    sum += fast_exp(to_float(logits[i]) - highest);
  }
  return highest + std::log(sum);
}

/// Overwrites the logits of a row with the gradient of its loss.
template <typename T>
void row_gradient(T* logits, int64_t vocab, int32_t target, float lse, const HeadGradient& gradient) {
  if (target < 0) {
    std::fill_n(logits, vocab, from_float<T>(0.0F));
    return;
  }
  const float scale = static_cast<float>(gradient.scale);
  const float weight = scale * (1.0F + 2.0F * static_cast<float>(gradient.z_loss) * lse);
  const float target_logit = to_float(logits[target]);
#pragma omp simd
  for (int64_t i = 0; i < vocab; ++i) {
    logits[i] = from_float<T>(weight * fast_exp(to_float(logits[i]) - lse));
  }
  logits[target] = from_float<T>(weight * fast_exp(target_logit - lse) - scale);
}

}  // namespace

void head_loss(const at::Tensor& x, const at::Tensor& w, const at::Tensor& targets, at::Tensor& logits,
               at::Tensor& row_loss, HeadGradient* gradient) {
  const int64_t n = x.size(0), vocab = w.size(0), chunk_rows = logits.size(0);
  const int32_t* target = targets.const_data_ptr<int32_t>();
  float* loss = row_loss.mutable_data_ptr<float>();
  for (int64_t first = 0; first < n; first += chunk_rows) {
    const int64_t rows = std::min(chunk_rows, n - first);
    at::Tensor chunk = logits.narrow(0, 0, rows);
    const at::Tensor inputs = x.narrow(0, first, rows);
    linear(inputs, w, chunk);
    dispatch(x.scalar_type(), "head_loss", [&]<typename T>() {
      T* data = chunk.mutable_data_ptr<T>();
      for_range(rows, 4, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          T* row_logits = data + row * vocab;
          const int32_t row_target = target[first + row];
          const float lse = log_sum_exp(row_logits, vocab);
          loss[first + row] = row_target < 0 ? 0.0F : lse - to_float(row_logits[row_target]);
          if (gradient != nullptr) {
            row_gradient(row_logits, vocab, row_target, lse, *gradient);
          }
        }
      });
    });
    if (gradient != nullptr) {
      at::Tensor dx = gradient->dx.narrow(0, first, rows);
      linear_input_grad(chunk, w, dx);
      linear_weight_grad(chunk, inputs, gradient->dw, gradient->scratch);
    }
  }
}

}  // namespace cambium::ops
