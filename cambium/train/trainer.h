#pragma once

#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "cambium/base/error.h"
#include "cambium/config/run_config.h"
#include "cambium/dist/environment.h"
#include "cambium/dist/group.h"
#include "cambium/model/llama.h"

namespace cambium::train {

/// Where a run begins: `auto` (the newest complete checkpoint of run.dir, else from scratch), `never`, or a checkpoint.
struct Resume {
  enum class Mode { kAuto, kNever, kFrom } mode = Mode::kAuto;
  std::filesystem::path from;
};

/// The architecture that a run began with, of the checkpoint that `resume` goes on from; nothing where it starts anew.
std::optional<model::ModelConfig> begun_with(const std::filesystem::path& run_directory, const Resume& resume);

/// What a finished run reports.
struct TrainResult {
  int64_t steps = 0;
  double seconds = 0;                                          ///< of training in this process
  double train_loss = 0;                                       ///< of the last step
  double val_loss = std::numeric_limits<double>::quiet_NaN();  ///< after the last step; NaN without held-out data
  std::filesystem::path checkpoint;
  bool resumed = false;  ///< began from a checkpoint of an earlier process
  bool stopped = false;  ///< by a signal, after saving
  bool leads = true;     ///< the process that is to tell of it, where there are several
};

/// What the model between two steps gets in the tasks of [eval]: {"task": {"metric": value}}. The ranks share the work.
using Evaluate = std::function<formats::Json(model::Llama&, dist::Group&)>;

/// Trains a run to its end, growing it on the way. Throws Error where it cannot go on; everything up to the newest
/// checkpoint is then on disk. `evaluate` is called as [eval] says, by every process of several.
/// Several processes, each with its own `environment`, train one run together; where one of them fails, the others end
/// their process.
TrainResult train(const config::RunConfig& config, const Resume& resume, const Evaluate& evaluate = {},
                  const dist::Environment& environment = {});

}  // namespace cambium::train
