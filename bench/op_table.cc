#include "bench/op_table.h"

#include <algorithm>

#include "bench/stopwatch.h"

namespace cambium::bench {
namespace {

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

OpComparison compare(const OpRuns& runs, double seconds) {
  constexpr size_t kCalls = 3;
  std::vector<double> ours, twin;
  const auto call_both = [&] {
    if (runs.restore) {
      runs.restore();
    }
    ours.push_back(seconds_of(runs.ours));
    twin.push_back(seconds_of(runs.twin));
  };
  call_both();  // touches fresh memory
  ours.clear();
  twin.clear();
  const Stopwatch watch;
  while (ours.size() < kCalls || watch.seconds() < seconds) {
    call_both();
  }
  return {.ours = *std::min_element(ours.begin(), ours.end()),
          .twin = *std::min_element(twin.begin(), twin.end()),
          .ours_median = median_of(ours),
          .twin_median = median_of(twin)};
}

}  // namespace cambium::bench
