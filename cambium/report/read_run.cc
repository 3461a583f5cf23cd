#include "cambium/report/read_run.h"

#include <algorithm>
#include <array>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/lines.h"
#include "cambium/config/cost.h"
#include "cambium/report/read_growth.h"

namespace cambium::report {
namespace fs = std::filesystem;
namespace {

using formats::Json;
using formats::JsonView;

/// The newest checkpoint that has its manifest; names sort by step, "-grown" behind.
fs::path newest_checkpoint(const fs::path& run) {
  fs::path newest;
  if (fs::is_directory(run / "checkpoints")) {
    for (const fs::directory_entry& entry : fs::directory_iterator(run / "checkpoints")) {
      if (entry.path().filename().string().starts_with("step-") && fs::exists(entry.path() / "manifest.json")) {
        newest = std::max(newest, entry.path());
      }
    }
  }
  return newest;
}

std::optional<config::RunConfig> read_config(const Run& run) {
  if (!fs::exists(run.config_file())) {
    return std::nullopt;
  }
  // The model that a run began with may be gone; its own checkpoint tells the architecture as well.
  const auto begun_with = [&](const std::string&) -> std::optional<model::ModelConfig> {
    const fs::path file = run.checkpoint / "config.json";
    if (run.checkpoint.empty() || !fs::exists(file)) {
      return std::nullopt;
    }
    return model::model_config_from_json(formats::read_json(file), file.string());
  };
  return config::load_run_config(run.config_file(), {}, begun_with);
}

/// Adds up what the lines of metrics.jsonl leave to be added up.
class Meter {
 public:
  explicit Meter(const Run& run) : run_(run) {}

  /// To `step`, at `layers` layers.
  void advance(double step, std::optional<double> tokens, int64_t layers) {
    const auto batch = run_.config ? static_cast<double>(run_.config->train.batch_tokens) : kNan;
    if (!begun_) {  // a branch's steps count on from its parent's
      begun_ = true;
      const bool branch = run_.config && !run_.config->run.branch_from.empty();
      step_ = branch ? step - static_cast<double>(run_.config->log.every) : 0;
      tokens_ = branch && tokens ? *tokens - (step - step_) * batch : 0;
    }
    const double now = tokens ? *tokens : tokens_ + (step - step_) * batch;
    if (run_.config) {
      flops_ += (now - tokens_) * config::training_flops_per_token(run_.config->model.architecture, layers,
                                                                   run_.config->train.sequence_length);
    }
    tokens_ = now;
    step_ = step;
  }
  /// `process`: seconds of the process, which begin anew at a restart.
  void clock(double process) {
    if (process < process_) {
      before_ += process_;
    }
    process_ = process;
  }
  double tokens() const { return tokens_; }
  double flops() const { return run_.config ? flops_ : kNan; }
  double seconds() const { return before_ + process_; }

 private:
  const Run& run_;
  bool begun_ = false;
  double step_ = 0, tokens_ = 0, flops_ = 0, process_ = 0, before_ = 0;
};

/// A number, or NaN where a line has null in its place.
double number_or_nan(const JsonView& view, std::string_view key) { return view.has(key) ? view.number(key) : kNan; }

void read_line(Run& run, Meter& meter, const JsonView& view) {
  if (view.has("event")) {
    if (view.string("event") == "growth") {
      GrowthStep growth = read_growth(view);
      meter.advance(static_cast<double>(growth.step), {}, growth.from_layers);
      growth.tokens = meter.tokens(), growth.flops = meter.flops(), growth.seconds = meter.seconds();
      run.growths.push_back(std::move(growth));
    }
    return;
  }
  const double step = view.number("step"), tokens = view.number("tokens");
  meter.advance(step, tokens, view.integer("layers", 0, 1 << 20));
  meter.clock(number_or_nan(view, "seconds"));
  Point point{
      .step = step, .tokens = tokens, .seconds = meter.seconds(), .flops = meter.flops(), .loss = kNan, .val_loss = {}};
  point.loss = number_or_nan(view, "loss");
  if (view.value().contains("val_loss")) {
    point.val_loss = number_or_nan(view, "val_loss");
  }
  run.points.push_back(point);
}

void read_metrics(Run& run) {
  const fs::path file = run.metrics_file();
  if (!fs::exists(file)) {
    return;
  }
  const std::string content = read_file(file);
  Meter meter(run);
  int64_t number = 0;
  take_lines(content, [&](std::string_view text) {
    const std::string place = format("{}:{}", file.string(), ++number);
    const Json line = formats::parse_json(text, place);
    if (!line.is_object()) {
      bad_input("{}: expected an object, found {}", place, line.type_name());
    }
    read_line(run, meter, JsonView(line, place));
    return true;
  });
  run.growth_file = file;
}

/// The checkpoint's log holds the growths before a branch too, and stays when metrics.jsonl is not there.
void read_trainer(Run& run) {
  const fs::path file = run.checkpoint / "trainer.json";
  if (run.checkpoint.empty() || !fs::exists(file)) {
    return;
  }
  const Json json = formats::read_json(file);
  if (!json.is_object() || !json.contains("growth") || !json["growth"].is_array()) {
    bad_input("{}: key `growth`: expected a list of growths", file.string());
  }
  std::vector<GrowthStep> growths;
  for (const Json& entry : json["growth"]) {
    growths.push_back(read_growth(JsonView(entry, file.string())));
  }
  if (growths.size() > run.growths.size()) {
    std::copy(run.growths.begin(), run.growths.end(), growths.end() - static_cast<std::ptrdiff_t>(run.growths.size()));
    run.growths = std::move(growths);
    run.growth_file = file;
  }
}

/// The first lines that tell what the run ran on and as.
void read_log(Run& run) {
  constexpr std::array<std::string_view, 5> kTelling{"cambium ", "model:", "device:", "steps:", "data:"};
  constexpr size_t kMostLines = 8, kMostBytes = 1 << 26, kDate = 20;  // "2026-01-31 12:30:00 "
  const fs::path file = run.directory / "log.txt";
  if (!fs::exists(file) || fs::file_size(file) > kMostBytes) {
    return;
  }
  const std::string content = read_file(file);
  for (size_t begin = 0; begin < content.size() && run.log.size() < kMostLines;) {
    const size_t end = std::min(content.find('\n', begin), content.size());
    const std::string line = content.substr(begin, end - begin);
    begin = end + 1;
    const std::string text = line.size() > kDate ? line.substr(kDate) : line;
    // A restart says again what it goes on with; only a change of device is news.
    const auto word =
        std::find_if(kTelling.begin(), kTelling.end(), [&](std::string_view start) { return text.starts_with(start); });
    const bool known =
        word != kTelling.end() && std::any_of(run.log.begin(), run.log.end(), [&](const std::string& old) {
          return *word == "device:" ? old == text : old.starts_with(*word);
        });
    if (word != kTelling.end() && !known) {
      run.log.push_back(text);
    }
  }
}

}  // namespace

bool is_run(const fs::path& directory) {
  return fs::is_regular_file(directory / "metrics.jsonl") ||
         (fs::is_regular_file(directory / "config.toml") && fs::is_directory(directory / "checkpoints"));
}

Run read_run(const fs::path& directory) {
  Run run;
  run.directory = directory;
  run.checkpoint = newest_checkpoint(directory);
  run.config = read_config(run);
  read_metrics(run);
  read_trainer(run);
  read_log(run);
  return run;
}

}  // namespace cambium::report
