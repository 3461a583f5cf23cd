// Every op against its plain ATen twin under Google Benchmark. `cambium bench ops` measures the same cases and prints
// them side by side; this program has --benchmark_filter, --benchmark_repetitions, --benchmark_out and so on.

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <c10/core/GradMode.h>

#include "bench/op_cases.h"
#include "bench/stopwatch.h"
#include "cambium/base/cpu.h"

namespace {

using cambium::bench::OpCase;
using cambium::bench::OpRuns;

void measure(benchmark::State& state, const OpCase& op_case, bool twin) {
  const OpRuns runs = op_case.make();
  const auto& run = twin ? runs.twin : runs.ours;
  for ([[maybe_unused]] auto _ : state) {
    if (!twin && runs.restore) {
      runs.restore();
    }
    state.SetIterationTime(cambium::bench::seconds_of(run));
  }
  if (op_case.flops > 0) {
    state.counters["FLOP/s"] = benchmark::Counter(op_case.flops, benchmark::Counter::kIsIterationInvariantRate);
  }
}

void register_cases(at::ScalarType type) {
  for (const OpCase& op_case : cambium::bench::op_cases({}, type)) {
    for (const bool twin : {false, true}) {
      const std::string name =
          op_case.op + (type == at::kFloat ? "/float32/" : "/bfloat16/") + (twin ? "twin" : "ours");
      benchmark::RegisterBenchmark(name.c_str(),
                                   [op_case, twin](benchmark::State& state) { measure(state, op_case, twin); })
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const c10::NoGradGuard no_grad;
  at::set_num_threads(cambium::thread_count(0));
  register_cases(at::kBFloat16);
  register_cases(at::kFloat);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
