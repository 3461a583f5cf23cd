#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <vector>

namespace cambium::ops {

/// A test of an op in one compute type, on one thread, with the same random numbers every time.
class OpTest : public testing::TestWithParam<at::ScalarType> {
 protected:
  OpTest() {
    at::set_num_threads(1);
    at::manual_seed(7);
  }
  ~OpTest() override { at::set_num_threads(1); }

  static at::ScalarType type() { return GetParam(); }
  /// Standard normal, in the compute type or in float32.
  static at::Tensor random(at::IntArrayRef shape) { return at::randn(shape).to(type()); }
  static at::Tensor random_float(at::IntArrayRef shape) { return at::randn(shape); }
  static at::Tensor random_ids(int64_t count, int64_t vocab) { return at::randint(vocab, {count}, at::kInt); }
  /// For buffers that an op must fill entirely.
  static at::Tensor unwritten(at::IntArrayRef shape) { return unwritten(shape, type()); }
  static at::Tensor unwritten(at::IntArrayRef shape, at::ScalarType of_type) {
    return at::full(shape, std::numeric_limits<double>::quiet_NaN(), of_type);
  }
};

#define INSTANTIATE_OP_TEST(suite)                                                \
  INSTANTIATE_TEST_SUITE_P(In, suite, testing::Values(at::kFloat, at::kBFloat16), \
                           [](const auto& each) { return each.param == at::kFloat ? "float32" : "bfloat16"; })

/// The same numbers in float64, where autograd starts.
inline at::Tensor leaf(const at::Tensor& from) { return from.detach().to(at::kDouble).clone().requires_grad_(true); }

/// What a result may differ by from a float64 twin's: `relative` of the entry, plus `absolute` of the largest entry,
/// plus `floor`, which is what rounding leaves where everything cancels.
struct Tolerance {
  double relative, absolute;
  double floor = 0;
};

/// For one pass over entries: some units in the last place of float32, or one rounding to bfloat16 (less than 2^-8).
inline Tolerance rounding(at::ScalarType of_type) {
  return of_type == at::kFloat ? Tolerance{2e-6, 5e-7} : Tolerance{0x1p-8, 1e-6};
}

inline testing::AssertionResult close(const at::Tensor& found, const at::Tensor& wanted, const Tolerance& tolerance) {
  if (found.sizes() != wanted.sizes()) {
    return testing::AssertionFailure() << "shape " << found.sizes() << ", expected " << wanted.sizes();
  }
  const at::Tensor exact = wanted.detach().to(at::kDouble), entries = found.detach().to(at::kDouble);
  const at::Tensor allowed =
      exact.abs() * tolerance.relative + exact.abs().max() * tolerance.absolute + tolerance.floor;
  const at::Tensor excess = (entries - exact).abs() / allowed.clamp_min(1e-300);
  const at::Tensor bad = excess.le(1.0).logical_not();  // NaN is bad
  if (!bad.any().item<bool>()) {
    return testing::AssertionSuccess();
  }
  const at::Tensor flat = bad.flatten();
  const int64_t first = flat.to(at::kInt).argmax().item<int64_t>();
  return testing::AssertionFailure() << flat.sum().item<int64_t>() << " of " << flat.numel()
                                     << " entries; the first is " << first << ": "
                                     << entries.flatten()[first].item<double>() << ", expected "
                                     << exact.flatten()[first].item<double>() << "; worst "
                                     << excess.max().item<double>() << " times what is allowed";
}

/// Runs `work`, which gives what an op wrote, twice on one thread and twice on two: all of each pair in the same bits.
inline void expect_same_bits_twice(const std::function<std::vector<at::Tensor>()>& work) {
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    const std::vector<at::Tensor> once = work(), twice = work();
    ASSERT_EQ(once.size(), twice.size());
    for (size_t i = 0; i < once.size(); ++i) {
      EXPECT_TRUE(at::equal(once[i], twice[i])) << "result " << i << " on " << threads << " threads";
    }
  }
  at::set_num_threads(1);
}

}  // namespace cambium::ops
