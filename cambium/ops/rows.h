#pragma once

// The row kernels over rows [begin, end) of tensors, on the calling thread: what an op of its own and the fused halves
// of a layer both call. Internal to ops.

#include "cambium/ops/cpu.h"
#include "cambium/ops/kernel_factors.h"
#include "cambium/ops/rope.h"

namespace cambium::ops::cpu {

template <typename T>
void norm_rows(const TypedKernels<T>& kernel, const at::Tensor& x, const at::Tensor& weight, double eps, double scale,
               const at::Tensor& y, const at::Tensor& inv_rms, int64_t begin, int64_t end) {
  const int64_t d = x.size(1);
  kernel.rms_norm(data<float>(x) + begin * d, data<float>(weight), static_cast<float>(eps), static_cast<float>(scale),
                  end - begin, d, mutable_data<T>(y) + begin * d, mutable_data<float>(inv_rms) + begin);
}

/// `dweight` [d]: the calling thread's sums.
template <typename T>
void norm_backward_rows(const TypedKernels<T>& kernel, const at::Tensor& dy, const at::Tensor& x,
                        const at::Tensor& weight, const at::Tensor& inv_rms, double scale, const at::Tensor& dx,
                        float* dweight, int64_t begin, int64_t end) {
  const int64_t d = x.size(1);
  kernel.rms_norm_backward(data<T>(dy) + begin * d, data<float>(x) + begin * d, data<float>(weight),
                           data<float>(inv_rms) + begin, static_cast<float>(scale), end - begin, d,
                           mutable_data<float>(dx) + begin * d, dweight);
}

template <typename T>
void swiglu_rows(const TypedKernels<T>& kernel, const at::Tensor& gate_up, const at::Tensor& y, int64_t begin,
                 int64_t end) {
  const int64_t f = y.size(1);
  kernel.swiglu(data<T>(gate_up) + begin * 2 * f, end - begin, f, mutable_data<T>(y) + begin * f);
}

template <typename T>
void swiglu_backward_rows(const TypedKernels<T>& kernel, const at::Tensor& dy, const at::Tensor& gate_up, int64_t begin,
                          int64_t end) {
  const int64_t f = dy.size(1);
  kernel.swiglu_backward(data<T>(dy) + begin * f, end - begin, f, mutable_data<T>(gate_up) + begin * 2 * f);
}

/// direction 1 rotates, -1 rotates back.
template <typename T>
void rope_rows(const TypedKernels<T>& kernel, const at::Tensor& x, const RopeTable& table, int64_t heads,
               int64_t head_dim, int64_t seq, int64_t first_position, float direction, int64_t begin, int64_t end) {
  kernel.rope(mutable_rows_of<T>(x, begin), end - begin, data<float>(table.cos), data<float>(table.sin), heads,
              head_dim, begin, seq, first_position, direction);
}

template <typename T>
void cast_rows(const TypedKernels<T>& kernel, const at::Tensor& x, const at::Tensor& y, int64_t begin, int64_t end) {
  const int64_t d = x.size(1);
  kernel.cast(data<float>(x) + begin * d, (end - begin) * d, mutable_data<T>(y) + begin * d);
}

/// `gradient` may be null: the loss only.
template <typename T>
void loss_rows(const TypedKernels<T>& kernel, const at::Tensor& logits, const at::Tensor& targets,
               const at::Tensor& row_loss, const LossGradient* gradient, int64_t begin, int64_t end) {
  const int64_t vocab = logits.size(1);
  const auto scales = loss_gradient(gradient);
  kernel.loss(mutable_data<T>(logits) + begin * vocab, end - begin, vocab, data<int32_t>(targets) + begin,
              mutable_data<float>(row_loss) + begin, scales ? &*scales : nullptr);
}

/// Σ over rows of a gradient [d], where every thread adds up its own rows: added in the order of the threads, so the
/// same bits each time.
class RowSums {
 public:
  explicit RowSums(int64_t d) : partial_(at::zeros({at::get_num_threads(), d}, at::kFloat)) {}
  float* of_thread() { return mutable_data<float>(partial_) + at::get_thread_num() * partial_.size(1); }
  void add_to(at::Tensor& sum) const {
    for (int64_t thread = 0; thread < partial_.size(0); ++thread) {
      sum.add_(partial_[thread]);
    }
  }

 private:
  at::Tensor partial_;
};

}  // namespace cambium::ops::cpu
