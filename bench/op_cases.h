#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace cambium::bench {

/// Sizes of one layer and its batch: the first shape of docs/performance.md.
struct OpShape {
  int64_t hidden = 256, intermediate = 768, heads = 4, batch = 8, seq = 512, vocab = 8192;
  int64_t rows() const { return batch * seq; }
  int64_t head_dim() const { return hidden / heads; }
};

inline constexpr double kEps = 1e-5;  ///< of RMSNorm, in every case

/// An op and its plain ATen twin over the same numbers, ready to be called again and again.
struct OpRuns {
  std::function<void()> ours, twin;
  /// Called before each call of `ours`, where that destroys its input; not part of the time. May be empty.
  std::function<void()> restore = {};
};

/// One line of a table of ops.
struct OpCase {
  std::string op;
  double flops;                  ///< of its products, two a multiply-add, causal attention counted once; 0: none
  std::function<OpRuns()> make;  ///< buffers and twins take memory: made when it is their turn
};

/// All of them, in the compute type float32 or bfloat16. Backward twins are autograd's, over a graph that was recorded
/// before.
std::vector<OpCase> op_cases(const OpShape& shape, at::ScalarType type);

// The parts of op_cases, one a file.
void add_product_cases(std::vector<OpCase>& cases, const OpShape& shape, at::ScalarType type);
void add_fused_cases(std::vector<OpCase>& cases, const OpShape& shape, at::ScalarType type);
void add_row_cases(std::vector<OpCase>& cases, const OpShape& shape, at::ScalarType type);

/// Autograd's backward of what `forward` makes of the leaves, ready to run many times; dout has the result's shape.
std::function<void()> twin_backward(std::vector<at::Tensor> leaves,
                                    const std::function<at::Tensor(const std::vector<at::Tensor>&)>& forward,
                                    const at::Tensor& dout);

}  // namespace cambium::bench
