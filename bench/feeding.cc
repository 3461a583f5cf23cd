#include "bench/feeding.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "bench/stopwatch.h"
#include "cambium/train/batch_reader.h"

namespace cambium::bench {

Feeding measure_feeding(const data::Mixture& mixture, int64_t micro_batch, double tokens_per_second, double seconds) {
  const int64_t step_tokens = mixture.batch_sequences() * mixture.sequence_length();
  const auto start = std::chrono::steady_clock::now();
  const Stopwatch watch;
  train::BatchReader reader(mixture, {0, mixture.batch_sequences()}, micro_batch, 0, INT64_MAX);
  Feeding found;
  do {
    double waited = 0;
    for (int64_t first = 0; first < mixture.batch_sequences(); first += micro_batch) {
      waited += seconds_of([&] { reader.next(); });
    }
    found.waited += waited;
    found.slowest = found.steps == 0 ? 0 : std::max(found.slowest, waited);
    found.tokens += step_tokens;
    ++found.steps;
    if (tokens_per_second > 0) {
      const std::chrono::duration<double> due(static_cast<double>(found.tokens) / tokens_per_second);
      std::this_thread::sleep_until(start + std::chrono::duration_cast<std::chrono::steady_clock::duration>(due));
    }
  } while (watch.seconds() < seconds);
  found.seconds = watch.seconds();
  return found;
}

}  // namespace cambium::bench
