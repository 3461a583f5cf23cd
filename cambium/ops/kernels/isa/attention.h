#pragma once

// Causal attention (Dao et al. 2022 for the blocks, Milakov & Gimelshein 2018 for the running softmax): blocks of query
// rows meet blocks of keys; scores, probabilities and their gradients live in scratch that fits the second-level cache.
// Keys and values are packed once for all queries of the group.

#include "cambium/ops/kernels/attention_scratch.h"
#include "cambium/ops/kernels/isa/exp.h"
#include "cambium/ops/kernels/isa/pack.h"
#include "cambium/ops/kernels/isa/tile.h"

CAMBIUM_NAMESPACE_BEGIN

template <typename T>
LeftWords left_rows(Rows<const T> rows) {
  return {reinterpret_cast<const int32_t*>(rows.data), rows.stride / kPerWord<T>, 1};
}
/// The rows of a block of probabilities or score gradients [kQueryRows, kKeyBlock].
template <typename T>
LeftWords left_scores(const T* scores) {
  return left_rows<T>({scores, kKeyBlock});
}

/// What one row makes of its scores against a block of keys: probabilities relative to `highest`, zero from `seen` to
/// `columns`. Works on whole vectors: up to kWidth - 1 entries past `columns` are written too.
template <typename T>
inline void running_softmax(const float* scores, int64_t seen, int64_t columns, float scale, T* p, float& highest,
                            float& sum, float& correction) {
  const int64_t whole = seen / kWidth * kWidth;
  const Words in_tail = counting_from(whole) < static_cast<int32_t>(seen);
  Floats tops = Floats{} - 1e30F;
  for (int64_t c = 0; c < whole; c += kWidth) {
    tops = larger(load(scores + c), tops);
  }
  if (whole < seen) {
    tops = larger(in_tail ? load(scores + whole) : tops, tops);
  }
  const float top = max(max_of(tops) * scale, highest);
  Floats sums{};
  for (int64_t c = 0; c < whole; c += kWidth) {
    const Floats e = exp_of<T>(load(scores + c) * scale - top);
    sums += e;
    store(p + c, e);
  }
  if (whole < columns) {
    const Floats e = in_tail ? exp_of<T>(load(scores + whole) * scale - top) : Floats{};
    sums += e;
    store(p + whole, e);
  }
  for (int64_t c = whole + kWidth; c < columns; c += kWidth) {
    store(p + c, Floats{});
  }
  correction = fast_exp(highest - top);
  sum = sum * correction + sum_of(sums);
  highest = top;
}

/// A row of probabilities and of the scores' gradients from the row's scores, log-sum-exp and delta = Σ out · dout;
/// zero from `seen` to `columns`, a multiple of kWidth.
template <typename T>
inline void row_gradients(const float* scores, const float* dp, int64_t seen, int64_t columns, float scale, float lse,
                          float delta, T* p, T* ds) {
  const int64_t whole = seen / kWidth * kWidth;
  for (int64_t c = 0; c < whole; c += kWidth) {
    const Floats e = exp_of<T>(load(scores + c) * scale - lse);
    store(p + c, e);
    store(ds + c, e * (load(dp + c) - delta) * scale);
  }
  if (whole < columns) {
    const Words in = counting_from(whole) < static_cast<int32_t>(seen);
    const Floats e = in ? exp_of<T>(load(scores + whole) * scale - lse) : Floats{};
    store(p + whole, e);
    store(ds + whole, in ? e * (load(dp + whole) - delta) * scale : Floats{});
  }
  for (int64_t c = whole + kWidth; c < columns; c += kWidth) {
    store(p + c, Floats{});
    store(ds + c, Floats{});
  }
}

template <typename T>
void attention(const AttentionGroup<T>& group, int32_t* scratch) {
  const int64_t d = group.head_dim, padded = panels(d) * kPanelColumns, before = group.tk - group.tq;
  const float scale = 1.0F / __builtin_sqrtf(static_cast<float>(d));
  const AttentionScratch parts({scratch}, group.tk, d);
  int32_t *const keys = parts.keys, *const values = parts.values;
  float *const scores = parts.scores, *const sums = parts.sums;
  auto* const p = reinterpret_cast<T*>(parts.p);
  pack_columns<T>(group.k, d, group.tk, 0, panels(group.tk), keys);
  pack_rows<T>(group.v, group.tk, d, 0, panels(d), values);

  for (int64_t task = 0; task < group.group * ((group.tq + kQueryRows - 1) / kQueryRows); ++task) {
    const int64_t head = task % group.group, first = task / group.group * kQueryRows;
    const int64_t rows = min(kQueryRows, group.tq - first);
    const Rows<const T> queries{group.q.row(first) + head * d, group.q.stride};
    float highest[kQueryRows], total[kQueryRows];
    for (int64_t i = 0; i < rows; ++i) {
      highest[i] = -1e30F;
      total[i] = 0;
    }
    const int64_t all_keys = before + first + rows;
    for (int64_t key = 0; key < all_keys; key += kKeyBlock) {
      const int64_t columns = min(kKeyBlock, all_keys - key);
      for (int64_t row = 0; row < rows; row += kTileRows) {
        const int64_t tile_rows = min(kTileRows, rows - row);
        const int64_t seen_last = min(columns, before + first + row + tile_rows - key);
        for (int64_t c = 0; c < seen_last; c += kPanelColumns) {
          multiply_panel<T>(tile_rows, left_rows(queries).from_row(row), keys + (key + c) * words<T>(d), words<T>(d),
                            scores + row * kKeyBlock + c, kKeyBlock, false);
        }
        const int64_t depth = max(0, seen_last);
        for (int64_t i = row; i < row + tile_rows; ++i) {
          const int64_t seen = min(columns, max(0, before + first + i + 1 - key));
          float correction = 1;
          running_softmax<T>(scores + i * kKeyBlock, seen, words<T>(depth) * kPerWord<T>, scale, p + i * kKeyBlock,
                             highest[i], total[i], correction);
          if (key > 0) {
            for (int64_t c = 0; c < padded; c += kWidth) {
              store(sums + i * padded + c, load(sums + i * padded + c) * correction);
            }
          }
        }
        for (int64_t c = 0; c < padded; c += kPanelColumns) {
          multiply_panel<T>(tile_rows, left_scores(p).from_row(row),
                            values + c * words<T>(group.tk) + key / kPerWord<T> * kPanelColumns, words<T>(depth),
                            sums + row * padded + c, padded, key > 0);
        }
      }
    }
    for (int64_t i = 0; i < rows; ++i) {
      T* out = group.out.row(first + i) + head * d;
      store_scaled<T>(sums + i * padded, d, 1.0F / total[i], out);
      group.lse[head * group.lse_stride + first + i] = highest[i] + __builtin_logf(total[i]);
    }
  }
}

/// Two rows of p or ds as words along the queries: what a product over queries takes as its left-hand side.
inline void pair_rows(const float* low, const float* /*high*/, int64_t columns, int32_t* to) {
  __builtin_memcpy(to, low, static_cast<size_t>(columns) * sizeof(float));
}
inline void pair_rows(const BFloat16* low, const BFloat16* high, int64_t columns, int32_t* to) {
#pragma omp simd
  for (int64_t c = 0; c < columns; ++c) {
    to[c] = word(low[c], high[c]);
  }
}

template <typename T>
inline void zero_entries(T* p, int64_t begin, int64_t end) {
  for (int64_t c = begin; c < end; ++c) {
    p[c] = from_float<T>(0.0F);
  }
}

/// sums [rows, padded] of a gradient into the columns of a head.
template <typename T>
inline void store_gradient(const float* sums, int64_t padded, int64_t rows, int64_t d, Rows<T> to) {
  for (int64_t row = 0; row < rows; ++row) {
    store_scaled<T>(sums + row * padded, d, 1.0F, to.row(row));
  }
}

template <typename T>
void attention_backward(const AttentionGroupBackward<T>& group, int32_t* scratch) {
  const int64_t d = group.head_dim, t = group.t, padded = panels(d) * kPanelColumns, steps_d = words<T>(d);
  const int64_t padded_t = panels(t) * kPanelColumns;
  const float scale = 1.0F / __builtin_sqrtf(static_cast<float>(d));
  const AttentionBackwardScratch parts({scratch}, t, d);
  int32_t *const keys = parts.keys, *const values = parts.values, *const key_rows = parts.key_rows;
  int32_t *const query_rows = parts.query_rows, *const dout_rows = parts.dout_rows;
  int32_t *const p_pairs = parts.p_pairs, *const ds_pairs = parts.ds_pairs;
  float *const scores = parts.scores, *const dp = parts.dp, *const delta = parts.delta;
  float *const dq = parts.dq, *const dk = parts.dk, *const dv = parts.dv;
  auto *const p = reinterpret_cast<T*>(parts.p), *const ds = reinterpret_cast<T*>(parts.ds);
  pack_columns<T>(group.k, d, t, 0, panels(t), keys);
  pack_columns<T>(group.v, d, t, 0, panels(t), values);
  pack_rows<T>(group.k, t, d, 0, panels(d), key_rows);
  __builtin_memset(dk, 0, static_cast<size_t>(padded_t * padded) * sizeof(float));
  __builtin_memset(dv, 0, static_cast<size_t>(padded_t * padded) * sizeof(float));

  for (int64_t head = 0; head < group.group; ++head) {
    const int64_t column = head * d;
    const float* lse = group.lse + head * group.lse_stride;
    __builtin_memset(dq, 0, static_cast<size_t>(padded_t * padded) * sizeof(float));
    for (int64_t i = 0; i < t; ++i) {
      const T* out = group.out.row(i) + column;
      const T* dout = group.dout.row(i) + column;
      float dot = 0;
#pragma omp simd reduction(+ : dot)
      for (int64_t c = 0; c < d; ++c) {
        dot += to_float(out[c]) * to_float(dout[c]);
      }
      delta[i] = dot;
    }
    for (int64_t first = 0; first < t; first += kQueryRows) {
      const int64_t rows = min(kQueryRows, t - first), steps_q = words<T>(rows);
      const Rows<const T> queries{group.q.row(first) + column, group.q.stride};
      const Rows<const T> douts{group.dout.row(first) + column, group.dout.stride};
      pack_rows<T>(queries, rows, d, 0, panels(d), query_rows);
      pack_rows<T>(douts, rows, d, 0, panels(d), dout_rows);
      for (int64_t key = 0; key < first + rows; key += kKeyBlock) {
        const int64_t columns = min(kKeyBlock, first + rows - key);
        const int64_t padded_columns = panels(columns) * kPanelColumns;
        for (int64_t row = 0; row < rows; row += kTileRows) {
          const int64_t tile_rows = min(kTileRows, rows - row);
          const int64_t depth = max(0, min(columns, first + row + tile_rows - key));
          for (int64_t c = 0; c < depth; c += kPanelColumns) {
            multiply_panel<T>(tile_rows, left_rows(queries).from_row(row), keys + (key + c) * steps_d, steps_d,
                              scores + row * kKeyBlock + c, kKeyBlock, false);
            multiply_panel<T>(tile_rows, left_rows(douts).from_row(row), values + (key + c) * steps_d, steps_d,
                              dp + row * kKeyBlock + c, kKeyBlock, false);
          }
          for (int64_t i = row; i < row + tile_rows; ++i) {
            const int64_t seen = max(0, min(columns, first + i + 1 - key));
            row_gradients(scores + i * kKeyBlock, dp + i * kKeyBlock, seen, padded_columns, scale, lse[first + i],
                          delta[first + i], p + i * kKeyBlock, ds + i * kKeyBlock);
          }
          for (int64_t c = 0; c < padded; c += kPanelColumns) {
            multiply_panel<T>(tile_rows, left_scores(ds).from_row(row),
                              key_rows + c * words<T>(t) + key / kPerWord<T> * kPanelColumns, words<T>(depth),
                              dq + (first + row) * padded + c, padded, true);
          }
        }
        if (kPerWord<T> == 2 && rows % 2 == 1) {  // the last word pairs with a row of zeros
          zero_entries(p + rows * kKeyBlock, 0, padded_columns);
          zero_entries(ds + rows * kKeyBlock, 0, padded_columns);
        }
        for (int64_t s = 0; s < steps_q; ++s) {
          const int64_t row = s * kPerWord<T>, next = row + kPerWord<T> - 1;
          pair_rows(p + row * kKeyBlock, p + next * kKeyBlock, padded_columns, p_pairs + s * kKeyBlock);
          pair_rows(ds + row * kKeyBlock, ds + next * kKeyBlock, padded_columns, ds_pairs + s * kKeyBlock);
        }
        for (int64_t row = 0; row < columns; row += kTileRows) {
          const int64_t skip = max(0, key + row - first) / kPerWord<T>;  // queries before these keys see none of them
          const int64_t tile_rows = min(kTileRows, padded_columns - row);
          const LeftWords p_left = LeftWords{p_pairs, 1, kKeyBlock}.from_row(row).from_step(skip);
          const LeftWords ds_left = LeftWords{ds_pairs, 1, kKeyBlock}.from_row(row).from_step(skip);
          for (int64_t c = 0; c < padded; c += kPanelColumns) {
            const int64_t offset = (key + row) * padded + c, from = c * steps_q + skip * kPanelColumns;
            multiply_panel<T>(tile_rows, p_left, dout_rows + from, steps_q - skip, dv + offset, padded, true);
            multiply_panel<T>(tile_rows, ds_left, query_rows + from, steps_q - skip, dk + offset, padded, true);
          }
        }
      }
    }
    store_gradient<T>(dq, padded, t, d, {group.dq.data + column, group.dq.stride});
  }
  store_gradient<T>(dk, padded, t, d, group.dk);
  store_gradient<T>(dv, padded, t, d, group.dv);
}

CAMBIUM_NAMESPACE_END
