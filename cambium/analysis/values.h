#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "cambium/formats/json.h"

namespace cambium::analysis {

/// Nested lists of a tensor's numbers; null for NaN and infinities.
formats::Json to_json(const at::Tensor& values);

/// The tensor (float64) of nested lists of one shape; NaN for null.
at::Tensor to_tensor(const formats::Json& lists);

/// What a norm counts as at least where something is divided by it.
inline constexpr double kLeastNorm = 1e-6;

/// Norms of the last dimension in float32.
at::Tensor norms(const at::Tensor& rows);

/// Cosine of each row of a with the same row of b (last dimension), 0 where one of them is 0.
at::Tensor cosines(const at::Tensor& a, const at::Tensor& b);

/// A mean over tokens, gathered batch by batch in float64.
class Mean {
 public:
  explicit Mean(int64_t entries) : sums_(at::zeros({entries}, at::kDouble)) {}
  /// One value a token.
  void add(int64_t entry, const at::Tensor& values) {
    sums_[entry] += values.sum(at::kDouble).cpu();
    count_ = entry == 0 ? count_ + values.numel() : count_;
  }
  formats::Json json() const { return to_json(sums_ / static_cast<double>(count_)); }
  at::Tensor tensor() const { return sums_ / static_cast<double>(count_); }

 private:
  at::Tensor sums_;
  int64_t count_ = 0;
};

}  // namespace cambium::analysis
