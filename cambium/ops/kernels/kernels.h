#pragma once

#include <cstdint>

#include "cambium/ops/kernels/types.h"

// The CPU kernels: plain functions over plain memory, compiled once for each instruction set (isa/) and chosen when the
// program starts. No LibTorch here: code that the linker shares between files must not be compiled for an instruction
// set that the machine may lack. A kernel works on one thread; the ops split the work.

namespace cambium::ops::kernels {

/// Products work on 32-bit words along the inner dimension, the depth: one float32 or two bfloat16.
template <typename T>
constexpr int64_t kPerWord = static_cast<int64_t>(sizeof(int32_t) / sizeof(T));
template <typename T>
[[gnu::always_inline]] constexpr int64_t words(int64_t depth) {
  return (depth + kPerWord<T> - 1) / kPerWord<T>;
}

/// The right-hand side of a product lies in panels of this many columns, [panels][words of depth][kPanelColumns]; what
/// is missing of the last panel and the last word is zero.
constexpr int64_t kPanelColumns = 32;
[[gnu::always_inline]] constexpr int64_t panels(int64_t columns) {
  return (columns + kPanelColumns - 1) / kPanelColumns;
}
template <typename T>
[[gnu::always_inline]] constexpr int64_t panel_words(int64_t depth, int64_t columns) {
  return panels(columns) * kPanelColumns * words<T>(depth);
}

/// Rows that a row kernel should be given at a time: their intermediate results stay in the second-level cache.
constexpr int64_t kBlockRows = 64;
/// Tokens, and rows of the gradient, that weight_grad packs at a time.
constexpr int64_t kTokenBlock = 256, kGradRows = 192;
/// Words of scratch for a weight_grad of rows of `in` entries.
template <typename T>
constexpr int64_t weight_grad_scratch(int64_t in) {
  return (kGradRows + 8 + panels(in) * kPanelColumns) * words<T>(kTokenBlock);
}

/// Rows in memory: row r starts at data + r * stride (in entries).
template <typename T>
struct Rows {
  T* data;
  int64_t stride;
  [[gnu::always_inline]] T* row(int64_t index) const { return data + index * stride; }
};

/// Attention of the query heads that share one key-value head, of one batch entry. Rows are tokens; query head g of the
/// group starts g * head_dim entries further right.
template <typename T>
struct AttentionGroup {
  Rows<const T> q, k, v;
  Rows<T> out;
  float* lse;  ///< [group, tq], heads lse_stride apart
  int64_t lse_stride, tq, tk, group, head_dim;
};
template <typename T>
struct AttentionGroupBackward {
  Rows<const T> q, k, v, out, dout;
  const float* lse;  ///< [group, t], heads lse_stride apart
  Rows<T> dq, dk, dv;
  int64_t lse_stride, t, group, head_dim;
};
/// Words of scratch.
int64_t attention_scratch(int64_t tk, int64_t head_dim);
int64_t attention_backward_scratch(int64_t t, int64_t head_dim);

/// The kernels over float32 or bfloat16 entries.
template <typename T>
struct TypedKernels {
  /// Panels [first, last) of the right-hand side b [depth, columns], given by its columns (row c of `from` is column
  /// c of b) or by its rows.
  void (*pack_columns)(Rows<const T> from, int64_t depth, int64_t columns, int64_t first, int64_t last, int32_t* to);
  void (*pack_rows)(Rows<const T> from, int64_t depth, int64_t columns, int64_t first, int64_t last, int32_t* to);

  /// y [rows, columns] = a [rows, depth] · b.
  void (*multiply)(Rows<const T> a, int64_t rows, int64_t depth, const int32_t* b, int64_t columns, Rows<T> y);
  /// out [rows, columns] = h + a · b, the product rounded to T, which also goes into `branch` unless that is null.
  void (*multiply_add)(Rows<const T> a, int64_t rows, int64_t depth, const int32_t* b, int64_t columns,
                       Rows<const float> h, Rows<float> out, Rows<T> branch);
  /// gate_up [rows, 2 f] = a · b, y [rows, f] = swiglu of it.
  void (*multiply_swiglu)(Rows<const T> a, int64_t rows, int64_t depth, const int32_t* b, int64_t f, Rows<T> gate_up,
                          Rows<T> y);
  /// gate_up [rows, 2 f] becomes its gradient, where that of swiglu's result is a · b (b [depth, f]).
  void (*multiply_swiglu_backward)(Rows<const T> a, int64_t rows, int64_t depth, const int32_t* b, int64_t f,
                                   Rows<T> gate_up);
  /// dw [out, in] += dyᵀ [out, tokens] · x [tokens, in].
  void (*weight_grad)(Rows<const T> dy, int64_t out, Rows<const T> x, int64_t in, int64_t tokens, Rows<float> dw,
                      int32_t* scratch);

  void (*attention)(const AttentionGroup<T>& group, int32_t* scratch);
  void (*attention_backward)(const AttentionGroupBackward<T>& group, int32_t* scratch);

  /// The row kernels, over `rows` rows of d (or f) entries; each as the op of its name.
  void (*rms_norm)(const float* x, const float* weight, float eps, float scale, int64_t rows, int64_t d, T* y,
                   float* inv_rms);
  void (*rms_norm_backward)(const T* dy, const float* x, const float* weight, const float* inv_rms, float scale,
                            int64_t rows, int64_t d, float* dx, float* dweight);
  void (*swiglu)(const T* gate_up, int64_t rows, int64_t f, T* y);
  void (*swiglu_backward)(const T* dy, int64_t rows, int64_t f, T* gate_up);
  /// `position` of the first row; positions start again after `seq` rows. direction 1 rotates, -1 rotates back.
  void (*rope)(Rows<T> x, int64_t rows, const float* cosines, const float* sines, int64_t heads, int64_t head_dim,
               int64_t first_row, int64_t seq, int64_t first_position, float direction);
  void (*residual_add)(const float* h, const T* branch, int64_t count, float* out);
  void (*cast)(const float* x, int64_t count, T* y);
  /// Loss of rows of logits, [rows, vocab], overwritten with the gradient unless that is null.
  void (*loss)(T* logits, int64_t rows, int64_t vocab, const int32_t* targets, float* row_loss,
               const LossGradient* gradient);
};

struct Kernels {
  const char* name;
  TypedKernels<float> float32;
  TypedKernels<BFloat16> bfloat16;
  /// With gradients times `grad_scale`; `compute`, the bfloat16 copy, may be null.
  void (*adamw)(const AdamWFactors& factors, float grad_scale, int64_t count, const float* grad, float* weight,
                float* exp_avg, float* exp_avg_sq, BFloat16* compute);
  /// Σ x² in float64.
  double (*sum_squares)(const float* x, int64_t count);
};

/// The kernels for this machine's widest instruction set, or those that CAMBIUM_KERNELS names (avx2, avx512,
/// avx512_bf16). Throws InvalidArgument where it names what this machine or this build has not.
const Kernels& kernels();

}  // namespace cambium::ops::kernels
