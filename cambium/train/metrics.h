#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/base/files.h"
#include "cambium/formats/json.h"
#include "cambium/formats/tensorboard.h"

namespace cambium::train {

/// One logged step; names as in metrics.jsonl.
struct StepMetrics {
  int64_t step;      ///< steps done, this one included
  int64_t tokens;    ///< target tokens seen, this step included
  double loss;       ///< mean over the target tokens of the batch, before the update, in nats
  double grad_norm;  ///< global L2 norm before clipping
  double lr;         ///< rate of this step's update
  int layers;
  double tokens_per_second;  ///< since the last line
  double mfu;      ///< training FLOPs per second (config/cost.h, full attention) over the measured peak (throughput.h)
  double seconds;  ///< of this process, since training began
  double data_wait;                ///< share of the time since the last line that went into fetching batches
  std::optional<double> val_loss;  ///< mean over held-out target tokens, after the update
  /// Of each source, by its path as configured.
  struct SourceUse {
    std::string path;
    int64_t tokens;  ///< target tokens taken from it
    double epochs;   ///< how often its content was gone through, under this path or another
  };
  std::vector<SourceUse> sources = {};
};

/// RUN/metrics.jsonl, one flushed line a logged step or event, and the same for TensorBoard. While the disk is full,
/// lines are kept in memory and written with the first one behind them that finds room.
class Metrics {
 public:
  /// Writes nothing: another process does.
  Metrics() = default;
  /// Goes on behind what is there up to `step` with `events` growths and interventions; later lines are cut off, and
  /// TensorBoard is told to drop them.
  Metrics(const std::filesystem::path& run_directory, int64_t step, size_t events, bool tensorboard);
  void log(const StepMetrics& metrics);
  /// A line with an `event`.
  void log_event(const formats::Json& event);
  /// Results of tasks, {"task": {"metric": value}}, to TensorBoard as "<group>/<task>/<metric>".
  void log_results(std::string_view group, int64_t step, const formats::Json& results);
  /// Flushes the lines to the disk: a checkpoint that is published afterwards finds them even after a power failure.
  /// Throws DiskFull.
  void sync();

 private:
  void write(const formats::Json& line);
  template <typename Work>
  void unless_full(const Work& work);
  std::optional<FileWriter> lines_;
  std::unique_ptr<formats::TensorBoardWriter> tensorboard_;
  bool full_ = false;  ///< the last line found no room
};

/// The lines of a metrics file that belong to the first `step` steps and the first `events` growths and interventions.
/// A line that a kill cut short is dropped with all behind it.
std::string lines_up_to(const std::string& content, int64_t step, size_t events);

/// The losses of the last step that RUN/metrics.jsonl holds; NaN where it holds none.
struct FinalLosses {
  double train, val;
};
FinalLosses read_final_losses(const std::filesystem::path& run_directory);

}  // namespace cambium::train
