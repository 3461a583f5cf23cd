#include "apps/cambium/bench_commands.h"
#include "apps/cambium/lines.h"
#include "bench/feeding.h"
#include "cambium/base/error.h"
#include "cambium/base/progress.h"
#include "cambium/data/mixture.h"
#include "cambium/formats/json.h"

namespace {

using cambium::format;
using cambium::bench::Feeding;
using cambium::formats::Json;

Json json_of(const Feeding& found) {
  return {{"steps", found.steps},
          {"tokens_per_second", static_cast<double>(found.tokens) / found.seconds},
          {"data_wait", found.waited / found.seconds},
          {"slowest_step_seconds", found.slowest}};
}

std::string line_of(const std::string& name, const Feeding& found) {
  return format("{:<22}{:>8} tokens/s   waited {:>6.3f} % of the time, {:.2f} ms at worst\n", name,
                cambium::format_count(static_cast<int64_t>(static_cast<double>(found.tokens) / found.seconds)),
                100 * found.waited / found.seconds, 1e3 * found.slowest);
}

}  // namespace

BenchDataCommand::BenchDataCommand(CLI::App& parent) {
  app = parent.add_subcommand("data", "whether token datasets can be read as fast as a device trains");
  app->footer(
      "Reads shuffled batches as training does, once for a consumer of --rate tokens a second, and once as fast as it\n"
      "goes. The second measurement finds in memory what the first has read.");
  app->add_option("DATASET", datasets_, "token datasets, mixed in equal parts")->required();
  app->add_option("--rate", rate_, "tokens a second that the consumer takes")->check(CLI::Range(1.0, 1e12));
  app->add_option("--sequence-length", sequence_length_, "tokens of a sequence")->check(CLI::Range(1, 1 << 24));
  app->add_option("--sequences", sequences_, "sequences of a step")->check(CLI::Range(1, 1 << 20));
  app->add_option("--micro-batch", micro_batch_, "sequences of a micro-batch; 0: all of a step")
      ->check(CLI::Range(0, 1 << 20));
  app->add_option("--seconds", seconds_, "seconds a measurement, at least one step")->check(CLI::Range(0.0, 3600.0));
  app->add_flag("--json", json_, "one JSON object");
}

int BenchDataCommand::run() {
  std::vector<cambium::data::Source> sources;
  for (const std::string& path : datasets_) {
    sources.push_back({path, cambium::data::TokenDataset::open(path)});
  }
  const cambium::data::Mixture mixture(std::move(sources), sequence_length_, sequences_, /*seed=*/1, /*shuffle=*/true);
  const int64_t micro_batch = micro_batch_ == 0 ? sequences_ : micro_batch_;
  cambium::Progress progress("measuring", 2, "parts");
  const Feeding paced = cambium::bench::measure_feeding(mixture, micro_batch, rate_, seconds_);
  progress.update(1);
  const Feeding fastest = cambium::bench::measure_feeding(mixture, micro_batch, 0, seconds_);
  progress.finish();
  if (json_) {
    print(Json{{"rate", rate_}, {"paced", json_of(paced)}, {"fastest", json_of(fastest)}}.dump(2) + '\n');
  } else {
    print(line_of(format("at {} tokens/s", cambium::format_count(static_cast<int64_t>(rate_))), paced) +
          line_of("as fast as it goes", fastest));
  }
  return 0;
}
