#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cambium/data/apportion.h"
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
  bool operator==(const WindowRef&) const = default;
};

/// Where a mixture goes on from: a branch of a run, whose earlier steps had other sources or weights.
struct MixtureStart {
  int64_t step = 0;
  std::vector<int64_t> windows = {};  ///< taken from each source by then; empty: none
};

/// Which windows form the batch of a step: a pure function of (seed, sources, step). Weights are honoured to within one
/// window at every step (of each phase, where sources come and go); within a source windows come in a keyed order,
/// without replacement within an epoch. Sources with the same content (the same dataset under two weights in two
/// phases, or copies of it) share one order: the later phase goes on where the earlier one stopped.
class Mixture {
 public:
  /// `batch_sequences` windows of `sequence_length + 1` tokens a step. Throws InvalidInput for sources without a single
  /// window, steps without any source, weights that are not positive.
  Mixture(std::vector<Source> sources, int64_t sequence_length, int64_t batch_sequences, uint64_t seed, bool shuffle,
          MixtureStart start = {});

  /// Throws InvalidInput before the first and behind the last step that has a source. Cost: the batch's size, whatever
  /// the step.
  std::vector<WindowRef> batch(int64_t step) const;
  /// Windows taken from each source by the steps before `step`.
  std::vector<int64_t> windows_before(int64_t step) const;
  /// Tokens of a window: sequence_length inputs and the one that follows.
  std::vector<int32_t> window(const WindowRef& ref) const;
  void read_window(const WindowRef& ref, std::span<int32_t> out) const;
  /// Has the system fetch a window from the disk while something else is done.
  void read_ahead(const WindowRef& ref) const;
  /// How often each source's content was gone through by the steps before `step`, by all sources that share it.
  std::vector<double> epochs_before(int64_t step) const;

  const std::vector<Source>& sources() const { return sources_; }
  int64_t sequence_length() const { return sequence_length_; }
  int64_t batch_sequences() const { return batch_sequences_; }

 private:
  /// Steps [begin, end) in which the same sources take part.
  struct Phase {
    int64_t begin, end;
    std::vector<int> sources;
    TurnSequence turns;
  };
  void plan_phases();
  WindowRef locate(int source, int64_t taken) const;

  std::vector<Source> sources_;
  std::vector<int> stream_of_;  ///< the first source with the same content
  std::vector<Phase> phases_;
  int64_t sequence_length_, batch_sequences_;
  uint64_t seed_;
  bool shuffle_;
  MixtureStart start_;
};

}  // namespace cambium::data
