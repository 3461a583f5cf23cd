#pragma once

#include <ATen/ATen.h>

#include <memory>

namespace cambium::dist {

/// Something that was started and is to be waited for once. On a GPU the wait is the device's, in the order of its
/// work; on the CPU the caller's. Throws Error where it failed.
class Pending {
 public:
  virtual ~Pending() = default;
  virtual void wait() = 0;
};

/// What ranks compute together. All of them call the same functions in the same order with tensors of the same sizes.
class Collectives {
 public:
  virtual ~Collectives() = default;
  /// Adds up `values` (contiguous) over the ranks, in place, in their own type.
  virtual std::unique_ptr<Pending> start_sum(const at::Tensor& values) = 0;
  /// The same where a rank needs its own part of a flat buffer only (Partition::of); the rest is then undefined.
  virtual std::unique_ptr<Pending> start_sum_to_owners(const at::Tensor& flat) = 0;
  /// Fills a flat buffer from the ranks' own parts of it.
  virtual std::unique_ptr<Pending> start_gather_from_owners(const at::Tensor& flat) = 0;
};

}  // namespace cambium::dist
