#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cambium/config/run_config.h"
#include "cambium/formats/json.h"

namespace cambium::report {

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// A logged step of a run.
struct Point {
  double step = 0, tokens = 0;
  double seconds = 0;   ///< of training since the run began, restarts added up
  double flops = kNan;  ///< training FLOPs up to here; NaN where the configuration is not known
  double loss = kNan;
  std::optional<double> val_loss;
};

/// A growth as the run logged it.
struct GrowthStep {
  int64_t step = 0;
  std::string op;
  int from_layers = 0, to_layers = 0;
  std::vector<int> sources;  ///< -1: drawn anew
  std::vector<int> places;   ///< of the new layers in the grown model
  std::optional<double> loss_before, loss_after;
  double tokens = kNan, seconds = kNan, flops = kNan;  ///< when it happened, in the units of Point
};

/// One metric of one task, from a results_*.json.
struct TaskScore {
  std::string task, group;
  std::string metric;  ///< "acc,none"
  double value = kNan;
  double standard_error = kNan;  ///< over items
  bool percent = false;          ///< value and error were shares and are given in percent here
  std::optional<int64_t> items, shots;
  std::filesystem::path file;
};

/// What `cambium analyze` wrote about a model.
struct AnalysisFile {
  std::filesystem::path file;
  formats::Json json;
  const formats::Json& values() const { return json["values"]; }
};

/// A trained model and all that was found about it. One without files of training (someone else's model, say) has
/// only scores and analyses.
struct Run {
  std::filesystem::path directory;
  std::string variant, seed;
  std::optional<config::RunConfig> config;
  std::vector<Point> points;
  std::vector<GrowthStep> growths;
  std::filesystem::path growth_file;  ///< where `growths` were read
  std::vector<TaskScore> scores;
  std::map<std::string, AnalysisFile> analyses;  ///< by name
  std::vector<std::string> log;                  ///< the lines of log.txt that tell machine and device
  std::filesystem::path checkpoint;              ///< the newest

  std::filesystem::path metrics_file() const { return directory / "metrics.jsonl"; }
  std::filesystem::path config_file() const { return directory / "config.toml"; }
  /// The last validation loss that was measured.
  std::optional<double> val_loss() const;
};

/// Runs that differ by their seed alone.
struct Variant {
  std::string name;
  std::vector<Run> runs;  ///< by seed
  bool grows() const;
  /// Layers of a block; 0 where no run tells.
  int block_size() const;
};

}  // namespace cambium::report
