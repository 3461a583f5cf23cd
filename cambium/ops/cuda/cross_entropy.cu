#include <cfloat>

#include "cambium/ops/cuda/reduce.h"
#include "cambium/ops/cuda/vector.h"

namespace cambium::ops::cuda {
namespace {

/// One row a block at a time, read twice at most: for lse, whose maximum and sum are found together, and for the
/// gradient, when much of the row is still in the cache.
template <bool with_gradient, typename T>
__global__ void __launch_bounds__(1024)
    cross_entropy_kernel(T* logits, int64_t rows, int64_t vocab, const int32_t* targets, float* row_loss,
                         LossGradient gradient) {
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    T* of_row = logits + row * vocab;
    const int64_t target = targets[row];
    if (target < 0) {
      if (threadIdx.x == 0) {
        row_loss[row] = 0;
      }
      if constexpr (with_gradient) {
        for_row(of_row, vocab, [&](int64_t i, auto width) { store(of_row + i, Floats<decltype(width)::kValue>{}); });
      }
      continue;
    }
    const float target_logit = to_float(of_row[target]);  // read before the gradient takes its place

    float highest = -FLT_MAX, sum = 0;  // of the thread's logits, Σ exp(logit - highest)
    for_row(of_row, vocab, [&](int64_t i, auto width) {
      constexpr int kWidth = decltype(width)::kValue;
      const Floats<kWidth> entries = load<kWidth>(of_row + i);
      float higher = highest;
#pragma unroll
      for (int j = 0; j < kWidth; ++j) {
        higher = fmaxf(higher, entries[j]);
      }
      if (higher > highest) {
        sum *= expf(highest - higher);
        highest = higher;
      }
#pragma unroll
      for (int j = 0; j < kWidth; ++j) {
        sum += expf(entries[j] - highest);
      }
    });
    const float top = reduce_block(highest, Max{});
    const float lse = top + logf(reduce_block(sum * expf(highest - top), Sum{}));
    if (threadIdx.x == 0) {
      row_loss[row] = lse - target_logit;
    }

    if constexpr (with_gradient) {
      const float weight = gradient.scale * (1.0F + 2.0F * gradient.z_loss * lse);
      for_row(of_row, vocab, [&](int64_t i, auto width) {
        constexpr int kWidth = decltype(width)::kValue;
        Floats<kWidth> entries = load<kWidth>(of_row + i);
#pragma unroll
        for (int j = 0; j < kWidth; ++j) {
          entries[j] = weight * expf(entries[j] - lse) - (i + j == target ? gradient.scale : 0.0F);
        }
        store(of_row + i, entries);
      });
    }
  }
}

}  // namespace

template <typename T>
void cross_entropy(Stream stream, T* logits, int64_t rows, int64_t vocab, const int32_t* targets, float* row_loss,
                   const LossGradient* gradient) {
  // Large blocks: few rows at a time, which fit into the cache until they are read again.
  const Work work{.blocks = std::min(rows, kMostBlocks),
                  .threads = threads_for(divide_up(vocab, kEntries<T>), 1024),
                  .shared_bytes = kReduceBytes};
  if (gradient != nullptr) {
    launch("cross_entropy", stream, work, cross_entropy_kernel<true, T>, logits, rows, vocab, targets, row_loss,
           *gradient);
  } else {
    launch("cross_entropy", stream, work, cross_entropy_kernel<false, T>, logits, rows, vocab, targets, row_loss,
           LossGradient{});
  }
}

template void cross_entropy(Stream, float*, int64_t, int64_t, const int32_t*, float*, const LossGradient*);
template void cross_entropy(Stream, BFloat16*, int64_t, int64_t, const int32_t*, float*, const LossGradient*);

}  // namespace cambium::ops::cuda
