#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/analysis/engine.h"
#include "cambium/analysis/partial.h"
#include "cambium/analysis/prompt.h"
#include "cambium/formats/json.h"

namespace cambium::analysis {

/// Named numbers and arrays, layer index first; null where there is no value.
using Values = formats::Json;

/// Which part of a layer the skip effect leaves out.
enum class Part { kLayer, kAttention, kMlp };

class Tasks;

/// What the caller chose.
struct Settings {
  uint64_t seed = 1;
  int64_t batch_tokens = 4096;  ///< padded tokens of a batch
  int64_t block_size = 0;       ///< layers of a block; 0: the model is not made of blocks
  Part part = Part::kLayer;
  bool plain = false;            ///< compute every intervention as one full pass, to check the fast way
  std::filesystem::path lens;    ///< tuned lenses
  std::filesystem::path model;   ///< the model's directory
  std::filesystem::path before;  ///< weight-similarity: an earlier checkpoint of the same depth to take updates from
  const Tasks* tasks = nullptr;  ///< to measure interventions and early exit on, beside the prompts
};

/// What an analysis works with.
struct Context {
  Engine& engine;
  const PromptSet& prompts;
  const Settings& settings;
  Partial& partial;  ///< of this analysis

  int64_t num_layers() const { return engine.num_layers(); }
};

/// One question about a model.
struct Analysis {
  std::string_view name;
  std::string_view sentence;    ///< for `--list`
  std::string_view definition;  ///< of every value, with its formula
  Values (*run)(Context& context);
  std::string_view units = {};  ///< of work, where another analysis needs the same; else its own
  bool on_tasks = false;        ///< measures accuracies where there are tasks
};

/// All of them, in the order of `--list`.
std::span<const Analysis> analyses();

/// Those that a comma-separated list names, in its order; "all" and "paper" are lists of their own. Throws InvalidInput
/// for a name that is not there (naming the nearest).
std::vector<const Analysis*> find_analyses(std::string_view names);

}  // namespace cambium::analysis
