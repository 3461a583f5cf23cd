#pragma once

// What works on rows one by one.

#include "cambium/ops/kernels/isa/exp.h"

CAMBIUM_NAMESPACE_BEGIN

template <typename T>
void rms_norm(const float* x, const float* weight, float eps, float scale, int64_t rows, int64_t d, T* y,
              float* inv_rms) {
  for (int64_t row = 0; row < rows; ++row, x += d, y += d) {
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t i = 0; i < d; ++i) {
      squares += x[i] * x[i];
    }
    const float inverse = 1.0F / __builtin_sqrtf(squares / static_cast<float>(d) + eps);
    inv_rms[row] = inverse;
    const float factor = inverse * scale;
#pragma omp simd
    for (int64_t i = 0; i < d; ++i) {
      y[i] = from_float<T>(x[i] * factor * weight[i]);
    }
  }
}

template <typename T>
void rms_norm_backward(const T* dy, const float* x, const float* weight, const float* inv_rms, float scale,
                       int64_t rows, int64_t d, float* dx, float* dweight) {
  for (int64_t row = 0; row < rows; ++row, dy += d, x += d, dx += d) {
    const float inverse = inv_rms[row];
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (int64_t i = 0; i < d; ++i) {
      dot += to_float(dy[i]) * weight[i] * x[i];
    }
    const float along = dot * scale * inverse * inverse * inverse / static_cast<float>(d);
    const float across = inverse * scale;
#pragma omp simd
    for (int64_t i = 0; i < d; ++i) {
      const float g = to_float(dy[i]);
      dx[i] += g * weight[i] * across - x[i] * along;
      dweight[i] += g * x[i] * across;
    }
  }
}

template <typename T>
inline Floats swiglu_of(Floats gate, Floats up) {
  return gate * sigmoid_of<T>(gate) * up;
}

template <typename T>
struct SwigluGradient {
  SwigluGradient(Floats g, Floats u, Floats dy) {
    const Floats sigmoid = sigmoid_of<T>(g), silu = g * sigmoid;
    gate = dy * u * (sigmoid + silu * (1.0F - sigmoid));
    up = dy * silu;
  }
  Floats gate, up;
};

template <typename T>
void swiglu(const T* gate_up, int64_t rows, int64_t f, T* y) {
  for (int64_t row = 0; row < rows; ++row, gate_up += 2 * f, y += f) {
    const T* gate = gate_up;
    const T* up = gate_up + f;
    for_vectors(f, [&](int64_t i, auto lanes) {
      store(y + i, swiglu_of<T>(load(gate + i, lanes), load(up + i, lanes)), lanes);
    });
  }
}

/// Turns entries of gate and up into their gradients.
template <typename T>
[[gnu::always_inline]] inline void swiglu_backward_row(const T* dy, int64_t count, T* gate, T* up) {
  for_vectors(count, [&](int64_t i, auto lanes) {
    const SwigluGradient<T> gradient(load(gate + i, lanes), load(up + i, lanes), load(dy + i, lanes));
    store(gate + i, gradient.gate, lanes);
    store(up + i, gradient.up, lanes);
  });
}

template <typename T>
void swiglu_backward(const T* dy, int64_t rows, int64_t f, T* gate_up) {
  for (int64_t row = 0; row < rows; ++row, gate_up += 2 * f, dy += f) {
    swiglu_backward_row(dy, f, gate_up, gate_up + f);
  }
}

template <typename T>
void rope(Rows<T> x, int64_t rows, const float* cosines, const float* sines, int64_t heads, int64_t head_dim,
          int64_t first_row, int64_t seq, int64_t first_position, float direction) {
  const int64_t half = head_dim / 2;
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t position = first_position + (first_row + row) % seq;
    const float* cosine = cosines + position * half;
    const float* sine = sines + position * half;
    for (int64_t head = 0; head < heads; ++head) {
      T* low = x.row(row) + head * head_dim;
      T* high = low + half;
#pragma omp simd
      for (int64_t i = 0; i < half; ++i) {
        const float a = to_float(low[i]), b = to_float(high[i]), s = direction * sine[i];
        low[i] = from_float<T>(a * cosine[i] - b * s);
        high[i] = from_float<T>(b * cosine[i] + a * s);
      }
    }
  }
}

template <typename T>
void residual_add(const float* h, const T* branch, int64_t count, float* out) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    out[i] = h[i] + to_float(branch[i]);
  }
}

template <typename T>
void cast(const float* x, int64_t count, T* y) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    y[i] = from_float<T>(x[i]);
  }
}

/// log Σ exp of a row.
template <typename T>
inline float log_sum_exp(const T* logits, int64_t vocab) {
  Floats tops = Floats{} + to_float(logits[0]);
  const int64_t whole = vocab / kWidth * kWidth;
  for (int64_t i = 0; i < whole; i += kWidth) {
    tops = larger(load(logits + i), tops);
  }
  float highest = max_of(tops), sum = 0;
  for (int64_t i = whole; i < vocab; ++i) {
    highest = max(highest, to_float(logits[i]));
  }
  Floats sums{};
  for (int64_t i = 0; i < whole; i += kWidth) {
    sums += exp_of<T>(load(logits + i) - highest);
  }
  for (int64_t i = whole; i < vocab; ++i) {
    sum += fast_exp(to_float(logits[i]) - highest);
  }
  return highest + __builtin_logf(sum + sum_of(sums));
}

template <typename T>
void loss(T* logits, int64_t rows, int64_t vocab, const int32_t* targets, float* row_loss,
          const LossGradient* gradient) {
  for (int64_t row = 0; row < rows; ++row, logits += vocab) {
    const int32_t target = targets[row];
    if (target < 0) {
      row_loss[row] = 0;
      if (gradient != nullptr) {
        __builtin_memset(logits, 0, static_cast<size_t>(vocab) * sizeof(T));
      }
      continue;
    }
    const float lse = log_sum_exp(logits, vocab), target_logit = to_float(logits[target]);
    row_loss[row] = lse - target_logit;
    if (gradient == nullptr) {
      continue;
    }
    const float weight = gradient->scale * (1.0F + 2.0F * gradient->z_loss * lse);
    for_vectors(vocab, [&](int64_t i, auto lanes) {
      store(logits + i, exp_of<T>(load(logits + i, lanes) - lse) * weight, lanes);
    });
    logits[target] = from_float<T>(weight * fast_exp(target_logit - lse) - gradient->scale);
  }
}

/// Four sums side by side, so that no addition waits for the one before.
inline double sum_squares(const float* x, int64_t count) {
  constexpr int64_t kSums = 4;
  Doubles sums[kSums]{};
  int64_t i = 0;
  for (; i + kSums * kDoubles <= count; i += kSums * kDoubles) {
    for (int64_t s = 0; s < kSums; ++s) {
      const Doubles value = load_doubles(x + i + s * kDoubles);
      sums[s] += value * value;
    }
  }
  const Doubles all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  double sum = 0;
  for (int64_t lane = 0; lane < kDoubles; ++lane) {
    sum += all[lane];
  }
  for (; i < count; ++i) {
    sum += static_cast<double>(x[i]) * x[i];
  }
  return sum;
}

inline void adamw(const AdamWFactors& factors, float grad_scale, int64_t count, const float* grad, float* weight,
                  float* exp_avg, float* exp_avg_sq, BFloat16* compute) {
  const AdamWFactors f = factors;  // a copy: the stores below cannot change it
  constexpr int64_t kBlock = 1024;
  for (int64_t first = 0; first < count; first += kBlock) {
    const int64_t last = min(first + kBlock, count);
#pragma omp simd
    for (int64_t i = first; i < last; ++i) {
      const float g = grad[i] * grad_scale;
      exp_avg[i] += (g - exp_avg[i]) * f.rest1;
      exp_avg_sq[i] = exp_avg_sq[i] * f.beta2 + g * g * f.rest2;
      const float denominator = __builtin_sqrtf(exp_avg_sq[i]) / f.sqrt_correction2 + f.eps;
      weight[i] = weight[i] * f.shrink - f.step_size * (exp_avg[i] / denominator);
    }
    if (compute != nullptr) {
      cast(weight + first, last - first, compute + first);
    }
  }
}

CAMBIUM_NAMESPACE_END
