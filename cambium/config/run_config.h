#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cambium/formats/json.h"
#include "cambium/growth/policy.h"
#include "cambium/growth/schedule.h"
#include "cambium/growth/symmetry.h"
#include "cambium/model/config/model_config.h"
#include "cambium/model/config/recompute.h"

namespace cambium::config {

/// A size in steps as the user wrote it: `200`, "10M tokens" or "1.5 epochs".
struct StepCount {
  enum class Unit { kSteps, kTokens, kEpochs };
  double amount = 0;
  Unit unit = Unit::kSteps;
  /// In steps, rounded up. `epoch_tokens`: tokens of one epoch of the mixture; throws InvalidInput where it is needed
  /// and 0.
  int64_t steps(int64_t batch_tokens, int64_t epoch_tokens) const;
  bool operator==(const StepCount&) const = default;
};

struct RunSection {
  std::string dir = "runs/default";
  uint64_t seed = 1;
  int threads = 0;                 ///< 0: as many as the machine has cores
  std::string device = "auto";     ///< auto | cpu | cuda
  std::string precision = "auto";  ///< auto | float32 | bfloat16
  bool deterministic = true;
  bool debug_anomaly = false;
  std::string branch_from;  ///< a checkpoint of another run that this one goes on from; "": none
};

struct ModelSection {
  std::string preset;
  std::string init_from;  ///< a model directory; its architecture and weights
  model::ModelConfig
      architecture;     ///< preset or init_from, then the keys given; num_hidden_layers is the depth at the end
  double init_std = 0;  ///< 0: 1/sqrt(hidden_size)
};

/// Interventions that make a grown model symmetric, or that are controls of it (growth/symmetry.h).
struct SymmetrizePlan {
  std::vector<int64_t> at;  ///< steps taken before each
  double strength = 1;
  std::string control = "none";
};

struct GrowthSection {
  std::string op = "none";  ///< key `operator`
  int block_size = 4;
  int start_layers = 0;           ///< of prop and uniform; 0: block_size
  std::string schedule = "prop";  ///< prop | uniform | once | at
  double alpha = 1;
  double fraction = 0.5;                      ///< of T, where `once` grows
  StepCount steps;                            ///< T; 0: all of train.steps but the cooldown
  std::vector<int64_t> at;                    ///< steps before each growth; sets schedule = "at"
  std::vector<growth::ExplicitGrowth> event;  ///< of operator "explicit"
  std::string moments = "copy";               ///< copy | zero | copy_reset_step
  double noise = 0;
  double output_scale = 1;
  int64_t rewarmup_steps = 0;
  int64_t freeze_steps = 0;
  std::string scaling_index = "current";  ///< current | final: what LN-Scaling counts layers in
  std::optional<SymmetrizePlan> symmetrize;

  bool grows() const { return op != "none"; }
  /// PROP's exponent; a uniform schedule is PROP-0.
  double power() const { return schedule == "uniform" ? 0 : alpha; }
};

struct TrainSection {
  StepCount steps{1000};
  int64_t sequence_length = 512;
  int64_t batch_tokens = 8192;  ///< global, a multiple of sequence_length
  int64_t micro_batch = 0;      ///< sequences a forward pass; 0: the whole batch
  int64_t micro_batch_sequences() const { return micro_batch > 0 ? micro_batch : batch_tokens / sequence_length; }
  double learning_rate = 1e-3;
  std::optional<StepCount> warmup_steps;  ///< not set: 100 steps, and at most a tenth of `steps`
  std::string schedule = "wsd";           ///< wsd | cosine | constant | linear
  StepCount cooldown_steps;
  std::string cooldown_shape = "1-sqrt";  ///< 1-sqrt | linear | cosine
  double min_lr = 0;
  std::vector<double> betas{0.9, 0.95};
  double eps = 1e-8;
  double weight_decay = 0.01;
  std::string decay = "matrices";  ///< matrices | all
  double clip_norm = 1;            ///< 0: off
  double z_loss = 0;
  double spike_guard = 0;          ///< 0: off; else the z-score over which a step's update is skipped
  std::string recompute = "none";  ///< none | selective | full
  model::Recompute recompute_mode() const {
    return recompute == "full"        ? model::Recompute::kFull
           : recompute == "selective" ? model::Recompute::kSelective
                                      : model::Recompute::kNone;
  }
};

struct DataSource {
  std::string path;
  double weight = 1;
  StepCount from_step;
  std::optional<StepCount> to_step;
};

struct DataSection {
  std::string tokenizer;
  std::string val;             ///< a dataset; "": the "val" split of each source, where it has one
  int64_t val_every = 0;       ///< 0: at growths and at the end only
  int64_t val_tokens = 65536;  ///< of the held-out stream, from its start
  bool shuffle = true;
  bool document_mask = false;
  std::vector<DataSource> source;
};

struct CheckpointSection {
  int64_t every = 1000;
  int64_t keep = 2;
  bool keep_growth = false;
};

struct LogSection {
  int64_t every = 10;
  bool tensorboard = true;
};

/// How the processes of a run share its work (docs/cluster.md).
struct DistSection {
  std::string shard = "none";  ///< none | optimizer
  double bucket_mb = 25;       ///< 10^6 bytes of gradients that are summed together
  double timeout_s = 600;
};

/// Tasks that a run is judged by on its way (docs/evaluation.md).
struct EvalSection {
  std::string tasks;  ///< comma-separated names and groups; "": none
  int64_t every = 0;  ///< steps; 0: around growths and at the end only
  int64_t limit = 100;
  std::string data = "data/eval";
  bool growths = true;
};

/// A run's whole configuration, every key resolved.
struct RunConfig {
  RunSection run;
  ModelSection model;
  GrowthSection growth;
  TrainSection train;
  DataSection data;
  CheckpointSection checkpoint;
  LogSection log;
  DistSection dist;
  EvalSection eval;
};

/// The architecture that the run in this directory (`run.dir`) began with, where it is to go on from a checkpoint. It
/// stands for a `model.init_from` that is not there any more.
using BegunWith = std::function<std::optional<model::ModelConfig>(const std::string& run_directory)>;

/// Reads a TOML file and `KEY=VALUE` overrides over the defaults. Throws InvalidInput that names the file, the key, its
/// line, what was found and what was expected, and for an unknown key the nearest known one.
RunConfig load_run_config(const std::filesystem::path& path, const std::vector<std::string>& overrides,
                          const BegunWith& begun_with = {});
/// The same from text; `what` stands for the file in messages.
RunConfig parse_run_config(std::string_view toml, std::string_view what, const std::vector<std::string>& overrides,
                           const BegunWith& begun_with = {});

/// Every key with its value, as TOML that `parse_run_config` reads back to the same configuration.
std::string to_toml(const RunConfig& config);
/// The same as nested objects: section, key, value.
formats::Json to_json(const RunConfig& config);

/// Key, type, default and one sentence for each, for the documentation and `plan`.
struct KeyDoc {
  std::string key, type, default_value, sentence;
};
std::vector<KeyDoc> key_docs();
/// "| `train.steps` | steps | `1000` | Length of the run. |"
std::string markdown_row(const KeyDoc& doc);

/// The whole plan of a run in steps: what `train` executes and `plan` prints.
struct ResolvedSteps {
  int64_t total, warmup, cooldown;
  int64_t growth;  ///< T of PROP
  int initial_layers;
  std::vector<growth::GrowthEvent> events;
  int64_t first_step = 0;                            ///< steps done before the run: those of a branch's parent
  std::vector<growth::SymmetrizeEvent> symmetrized;  ///< behind the growth of the same step
};
/// `epoch_tokens`: tokens of one epoch of the mixture, or 0 where it is not known yet.
ResolvedSteps resolve_steps(const RunConfig& config, int64_t epoch_tokens);

/// The checkpoint that a run is branched from, as far as a plan needs it.
struct BranchPoint {
  std::string from;
  int64_t step = 0;
  int layers = 0;
  std::vector<growth::GrowthEvent> events;  ///< growths made there
  std::vector<growth::SymmetrizeEvent> symmetrized;
};
/// The plan of a run that goes on from there: its past is the parent's, its future is planned. Throws InvalidInput
/// where the two do not join.
void continue_from(ResolvedSteps& steps, const BranchPoint& branch, const RunConfig& config);

/// What a growth of this run does beside copying.
growth::Policy growth_policy(const RunConfig& config);

}  // namespace cambium::config
