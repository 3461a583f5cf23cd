#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cambium/data/dataset.h"

namespace cambium::data {

/// One weighted source of a mixture; it takes part in steps [from_step, to_step).
struct Source {
  std::string name;  ///< the path as configured
  TokenDataset dataset;
  double weight = 1;
  int64_t from_step = 0;
  int64_t to_step = INT64_MAX;
};

/// Where one training sequence comes from.
struct WindowRef {
  int source;
  int64_t window;  ///< after shuffling: the window's index in the source's stream
  int64_t epoch;
};

/// Which windows form the batch of a step: a pure function of (seed, sources, step). Weights are honoured to within one
/// window at every step; within a source windows come in a keyed order, without replacement within an epoch.
class Mixture {
 public:
  /// `batch_sequences` windows of `sequence_length + 1` tokens a step. Throws InvalidInput for sources without a single
  /// window, steps without any source, weights that are not positive.
  Mixture(std::vector<Source> sources, int64_t sequence_length, int64_t batch_sequences, uint64_t seed, bool shuffle);

  std::vector<WindowRef> batch(int64_t step) const;
  /// Windows taken from each source by the steps before `step`.
  std::vector<int64_t> windows_before(int64_t step) const;
  /// Tokens of a window: sequence_length inputs and the one that follows.
  std::vector<int32_t> window(const WindowRef& ref) const;
  void read_window(const WindowRef& ref, std::span<int32_t> out) const;

  const std::vector<Source>& sources() const { return sources_; }
  int64_t sequence_length() const { return sequence_length_; }
  int64_t batch_sequences() const { return batch_sequences_; }

 private:
  std::vector<Source> sources_;
  int64_t sequence_length_, batch_sequences_;
  uint64_t seed_;
  bool shuffle_;
};

}  // namespace cambium::data
