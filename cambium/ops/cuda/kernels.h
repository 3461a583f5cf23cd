#pragma once

#include <cstdint>

#include "cambium/ops/kernels/types.h"

// The CUDA kernels of the ops: launches over plain memory on the device, one file a kernel beside this one. No LibTorch
// here, so that nvcc compiles a file in seconds and the tests can run the same source on a CPU, thread by thread
// (tests/cuda/emulation). Every launch is asynchronous on its stream, fit for capture in a CUDA graph, and gives the
// same bits each time: no atomics on floating-point numbers. T is float or BFloat16; matrices are row-major.

struct CUstream_st;

namespace cambium::ops::cuda {

using Stream = CUstream_st*;

using kernels::AdamWFactors;
using kernels::BFloat16;
using kernels::LossGradient;

/// y = x · inv_rms · weight · scale over rows of d entries; inv_rms = 1/sqrt(mean(x²) + eps) is kept.
template <typename T>
void rms_norm(Stream stream, const float* x, const float* weight, float eps, float scale, int64_t rows, int64_t d, T* y,
              float* inv_rms);

/// dx += the gradient through the norm, dweight [d] += its own; `partial` [kNormParts, d] is scratch.
constexpr int64_t kNormParts = 256;
template <typename T>
void rms_norm_backward(Stream stream, const T* dy, const float* x, const float* weight, const float* inv_rms,
                       float scale, int64_t rows, int64_t d, float* dx, float* dweight, float* partial);

/// y [rows, f] = silu(gate) · up of gate_up [rows, 2 f] = gate | up.
template <typename T>
void swiglu(Stream stream, const T* gate_up, int64_t rows, int64_t f, T* y);
/// Overwrites gate_up with its gradient.
template <typename T>
void swiglu_backward(Stream stream, const T* dy, int64_t rows, int64_t f, T* gate_up);

/// Rotates the first `heads` heads of each row in place, half-split form; row r, `stride` entries after the last,
/// stands at first_position + r % seq. direction 1 rotates, -1 rotates back. Tables: [positions, head_dim / 2].
template <typename T>
void rope(Stream stream, T* x, int64_t stride, int64_t rows, const float* cosines, const float* sines, int64_t heads,
          int64_t head_dim, int64_t seq, int64_t first_position, float direction);

/// out = h + branch. `out` may be `h`.
template <typename T>
void residual_add(Stream stream, const float* h, const T* branch, int64_t count, float* out);

/// y = x.
template <typename T>
void cast(Stream stream, const float* x, int64_t count, T* y);

/// row_loss[i] = lse_i - logit_i[target_i] of logits [rows, vocab], 0 where the target is negative; with `gradient` not
/// null the logits become scale · d(row_loss + z_loss · lse²)/d logits, zero where the target is negative.
template <typename T>
void cross_entropy(Stream stream, T* logits, int64_t rows, int64_t vocab, const int32_t* targets, float* row_loss,
                   const LossGradient* gradient);

/// h [rows, d] = rows `ids` of table [vocab, d].
void embedding(Stream stream, const float* table, const int32_t* ids, int64_t rows, int64_t d, float* h);
/// dtable += rows of dh at their ids. `ids` are sorted; `order`[i] is the row of dh that ids[i] belongs to, ascending
/// among equal ids: every row of dtable is added to by one thread block, in that order.
void embedding_backward(Stream stream, const float* dh, const int32_t* ids, const int64_t* order, int64_t rows,
                        int64_t d, float* dtable);

/// One update in place, with gradients times guard[0]; none at all where guard[1] is 0. `compute` may be null.
void adamw(Stream stream, const AdamWFactors& factors, const float* guard, int64_t count, const float* grad,
           float* weight, float* exp_avg, float* exp_avg_sq, BFloat16* compute);

/// sum += Σ x², in float64; `partial` [kSumParts] is scratch.
constexpr int64_t kSumParts = 1024;
void sum_squares(Stream stream, const float* x, int64_t count, double* sum, double* partial);

}  // namespace cambium::ops::cuda
