#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "cambium/ops/cuda/kernels.h"
#include "tests/cuda/emulation/threads.h"

namespace cambium::ops::cuda {

inline double value_of(float value) { return value; }
inline double value_of(double value) { return value; }
inline double value_of(BFloat16 value) {
  const uint32_t bits = uint32_t{value.bits} << 16;
  float result;
  std::memcpy(&result, &bits, sizeof(result));
  return result;
}

/// The nearest number of the type, to even between two.
template <typename T>
T nearest(double value) {
  return static_cast<T>(value);
}
template <>
inline BFloat16 nearest<BFloat16>(double value) {
  const auto single = static_cast<float>(value);
  uint32_t bits;
  std::memcpy(&bits, &single, sizeof(bits));
  const BFloat16 low{static_cast<uint16_t>(bits >> 16)}, high{static_cast<uint16_t>((bits >> 16) + 1)};
  if (!std::isfinite(value)) {
    return low;
  }
  const double below = std::abs(value - value_of(low)), above = std::abs(value_of(high) - value);
  return below < above || (below == above && low.bits % 2 == 0) ? low : high;
}

/// Memory of a kernel between two guards of NaN, `offset` entries behind a multiple of 16 bytes. Full of NaN at first.
template <typename T>
class Buffer {
 public:
  explicit Buffer(int64_t count, int64_t offset = 0)
      : count_(count), first_(kGuard + offset), entries_(static_cast<size_t>(count + offset + 2 * kGuard)) {
    std::memset(entries_.data(), 0xFF, entries_.size() * sizeof(T));
  }
  explicit Buffer(const std::vector<double>& values, int64_t offset = 0)
      : Buffer(static_cast<int64_t>(values.size()), offset) {
    for (int64_t i = 0; i < count_; ++i) {
      data()[i] = nearest<T>(values[static_cast<size_t>(i)]);
    }
  }

  T* data() { return entries_.data() + first_; }
  int64_t size() const { return count_; }
  double operator[](int64_t i) const { return value_of(entries_[static_cast<size_t>(first_ + i)]); }
  std::string bytes() const {
    return {reinterpret_cast<const char*>(entries_.data() + first_), static_cast<size_t>(count_) * sizeof(T)};
  }
  bool guards_are_intact() const {
    const auto* bytes = reinterpret_cast<const unsigned char*>(entries_.data());
    for (size_t i = 0; i < entries_.size() * sizeof(T); ++i) {
      const auto entry = static_cast<int64_t>(i / sizeof(T));
      if ((entry < first_ || entry >= first_ + count_) && bytes[i] != 0xFF) {
        return false;
      }
    }
    return true;
  }

 private:
  static constexpr int64_t kGuard = 32;
  int64_t count_, first_;
  std::vector<T> entries_;
};

/// The same normally distributed numbers every time.
class Random {
 public:
  std::vector<double> normal(int64_t count, double scale = 1.0) {
    std::normal_distribution<double> distribution(0.0, scale);
    std::vector<double> values(static_cast<size_t>(count));
    for (double& value : values) {
      value = distribution(engine_);
    }
    return values;
  }
  int64_t below(int64_t end) { return std::uniform_int_distribution<int64_t>(0, end - 1)(engine_); }

 private:
  std::mt19937_64 engine_{7};
};

/// What a result may differ by: `relative` of the entry plus `absolute` of the largest entry.
struct Tolerance {
  double relative, absolute;
};
/// Some units in the last place of float32, or one rounding to bfloat16.
template <typename T>
constexpr Tolerance kRounding = sizeof(T) == 4 ? Tolerance{2e-6, 5e-7} : Tolerance{0x1p-8, 1e-6};

template <typename T>
testing::AssertionResult close(const Buffer<T>& found, const std::vector<double>& wanted, const Tolerance& tolerance) {
  if (!found.guards_are_intact()) {
    return testing::AssertionFailure() << "something was written outside";
  }
  if (found.size() != static_cast<int64_t>(wanted.size())) {
    return testing::AssertionFailure() << found.size() << " entries, expected " << wanted.size();
  }
  double largest = 0;
  for (const double value : wanted) {
    largest = std::max(largest, std::abs(value));
  }
  for (int64_t i = 0; i < found.size(); ++i) {
    const double value = wanted[static_cast<size_t>(i)];
    if (!(std::abs(found[i] - value) <= tolerance.relative * std::abs(value) + tolerance.absolute * largest)) {
      return testing::AssertionFailure() << "entry " << i << ": " << found[i] << ", expected " << value;
    }
  }
  return testing::AssertionSuccess();
}

/// Runs `work`, which gives the bytes that a kernel wrote, with blocks and threads in either order: the same bits.
inline void expect_same_bits(const std::function<std::string()>& work) {
  const std::string forward = work();
  emulation::set_order(emulation::Order::kBackward);
  const std::string backward = work();
  emulation::set_order(emulation::Order::kForward);
  EXPECT_FALSE(forward.empty());
  EXPECT_TRUE(forward == backward);
}

/// A test of a kernel for float32 and bfloat16.
template <typename T>
class KernelTest : public testing::Test {
 protected:
  Random random;
};
using Types = testing::Types<float, BFloat16>;

/// Throughout: a stream that nobody looks at.
constexpr Stream kStream = nullptr;

}  // namespace cambium::ops::cuda
