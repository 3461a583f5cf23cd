#include "cambium/eval/prefix_tree.h"

#include <algorithm>
#include <numeric>

namespace cambium::eval {
namespace {

using Ranges = std::vector<model::PackedSegment::Range>;

class Builder {
 public:
  explicit Builder(std::span<const std::span<const int32_t>> sequences) : sequences_(sequences) {
    tree_.row_of.resize(sequences.size());
    order_.resize(sequences.size());
    std::iota(order_.begin(), order_.end(), size_t{0});
  }

  PrefixTree shared() {
    std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) {
      return std::lexicographical_compare(sequences_[a].begin(), sequences_[a].end(), sequences_[b].begin(),
                                          sequences_[b].end());
    });
    grow(0, order_.size(), 0, {});
    return std::move(tree_);
  }

  PrefixTree apart() {
    for (size_t i = 0; i < order_.size(); ++i) {
      add_segment(i, i + 1, 0, sequences_[order_[i]].size(), {});
    }
    return std::move(tree_);
  }

 private:
  static constexpr size_t kMinShared = 8;

  std::span<const int32_t> sorted(size_t i) const { return sequences_[order_[i]]; }

  /// Tokens that the sorted sequences first … last - 1 have in common.
  size_t common(size_t first, size_t last) const {
    const auto a = sorted(first), b = sorted(last - 1);
    return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  }

  /// Sequences first … last - 1 of the sorted order, whose first `depth` tokens are the ones behind `keys`.
  void grow(size_t first, size_t last, size_t depth, Ranges keys) {
    if (first == last) {
      return;
    }
    const size_t shared = common(first, last);
    const bool alike = shared == sorted(last - 1).size();
    if (alike || shared - depth >= kMinShared) {
      keys = add_segment(first, last, depth, shared, std::move(keys));
      depth = shared;
    }
    if (alike) {
      return;
    }
    for (size_t begin = first; begin < last;) {
      size_t end = begin + 1;
      const auto next = [&](size_t i) { return sorted(i).size() == shared ? int64_t{-1} : int64_t{sorted(i)[shared]}; };
      while (end < last && next(end) == next(begin)) {
        ++end;
      }
      grow(begin, end, depth, keys);
      begin = end;
    }
  }

  /// Appends rows for tokens begin … end - 1; gives the slots of everything up to there.
  Ranges add_segment(size_t first, size_t last, size_t begin, size_t end, Ranges keys) {
    if (begin == end) {
      return keys;
    }
    const auto row = static_cast<int64_t>(tree_.rows.ids.size()), count = static_cast<int64_t>(end - begin);
    const auto tokens = sorted(first);
    for (size_t i = begin; i < end; ++i) {
      tree_.rows.ids.push_back(tokens[i]);
      tree_.rows.positions.push_back(static_cast<int64_t>(i));
    }
    for (size_t i = first; i < last; ++i) {
      std::vector<int64_t>& rows = tree_.row_of[order_[i]];
      rows.resize(end);
      std::iota(rows.begin() + static_cast<int64_t>(begin), rows.end(), row);
    }
    if (!keys.empty() && keys.back().begin + keys.back().size == row) {
      keys.back().size += count;
    } else {
      keys.push_back({row, count});
    }
    tree_.rows.segments.push_back({row, count, keys});
    return keys;
  }

  std::span<const std::span<const int32_t>> sequences_;
  std::vector<size_t> order_;
  PrefixTree tree_;
};

}  // namespace

PrefixTree build_prefix_tree(std::span<const std::span<const int32_t>> sequences, bool share) {
  Builder builder(sequences);
  return share ? builder.shared() : builder.apart();
}

}  // namespace cambium::eval
