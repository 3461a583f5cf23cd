#pragma once

#include <cstddef>

#include "cambium/text/tokenizer_spec.h"

namespace cambium::text {

/// Turns the alternation of matches and gaps that a pattern finds in a text into pieces, by a split behaviour. Give it
/// all parts from left to right, then `finish`; `emit(begin, end)` gets the pieces, none of them empty.
template <typename Emit>
class SplitMerger {
 public:
  SplitMerger(SplitBehavior behavior, Emit& emit) : behavior_(behavior), emit_(emit) {}

  void add(size_t begin, size_t end, bool is_match) {
    if (behavior_ == SplitBehavior::kRemoved && is_match) {
      flush();
      return;
    }
    if (open_ && joins(is_match)) {
      end_ = end;
    } else {
      flush();
      begin_ = begin;
      end_ = end;
      open_ = true;
    }
    previous_is_match_ = is_match;
  }

  void finish() { flush(); }

 private:
  bool joins(bool is_match) const {
    switch (behavior_) {
      case SplitBehavior::kContiguous:
        return is_match == previous_is_match_;
      case SplitBehavior::kMergedWithPrevious:
        return is_match && !previous_is_match_;
      case SplitBehavior::kMergedWithNext:
        return !is_match && previous_is_match_;
      default:
        return false;
    }
  }

  void flush() {
    if (open_ && begin_ < end_) {
      emit_(begin_, end_);
    }
    open_ = false;
  }

  SplitBehavior behavior_;
  Emit& emit_;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool open_ = false;
  bool previous_is_match_ = false;
};

}  // namespace cambium::text
