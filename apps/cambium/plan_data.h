#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cambium/config/run_config.h"

/// What a plan finds out about the data of a run. None of it has to be there yet.
struct SourceReport {
  std::string path;
  double weight;
  bool present;        ///< a token dataset lies there
  int64_t tokens = 0;  ///< of its train split
  int64_t val_tokens = 0;
  bool other_tokenizer = false;  ///< it was made with another one than data.tokenizer
  int64_t from_step = 0, to_step = 0;
  double drawn_tokens = 0;  ///< over the run
  double epochs() const { return tokens > 0 ? drawn_tokens / static_cast<double>(tokens) : 0; }
};

/// Steps [begin, end) over which the mixture stays the same, and each source's share in them.
struct MixturePhase {
  int64_t begin, end;
  std::vector<double> shares;
};

struct DataReport {
  std::string tokenizer;
  std::optional<int32_t> tokenizer_size;  ///< entries; none: it is not there
  std::vector<SourceReport> sources;
  std::vector<MixturePhase> phases;
  int64_t epoch_tokens = 0;  ///< of all sources together; 0 while one is missing
};

/// Looks for tokenizer and datasets. Throws InvalidInput for files that are there but broken, and where the tokenizer
/// has more entries than the model's vocabulary.
DataReport inspect_data(const cambium::config::RunConfig& config);

/// Fills in steps, shares and tokens drawn in the steps from `first_step` on, once the length of the run is known.
void plan_mixture(const cambium::config::RunConfig& config, int64_t first_step, int64_t total_steps,
                  DataReport& report);
