#pragma once

#include "bench/op_cases.h"

namespace cambium::bench {

/// Times of an op and of its twin, called alternately for `seconds` or a little longer; each at least three times.
struct OpComparison {
  double ours, twin;                ///< seconds of a call, the best
  double ours_median, twin_median;  ///< seconds
};
OpComparison compare(const OpRuns& runs, double seconds);

}  // namespace cambium::bench
