#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace cambium::study {

struct QuickstartOptions {
  std::filesystem::path out = "runs/quickstart";
  double minutes = 6;  ///< for the three trainings together; the number of steps follows from a short measurement
  int64_t steps = 0;   ///< > 0: exactly so many, without a measurement
  uint64_t seed = 1;
  int64_t questions = 200;  ///< held-out items of each primitive
};

/// What one variant came to.
struct VariantResult {
  std::string name;              ///< baseline | midas | lidas
  double val_loss;               ///< nats a token, held-out items of the built-in corpus
  std::vector<double> accuracy;  ///< of each primitive, 0 … 1
  double train_flops;
  double seconds;  ///< of training; NaN where it was interrupted
};

struct QuickstartResult {
  int64_t steps;
  std::vector<std::string> primitives;
  std::vector<VariantResult> variants;
  std::filesystem::path file;  ///< results.json
};

/// Makes the built-in corpus, trains a baseline, a MIDAS and a LIDAS model on the same batches for the same number of
/// steps, and asks each the held-out reasoning primitives. Everything lies under `out`; what is complete there is not
/// done again.
QuickstartResult quickstart(const QuickstartOptions& options);

/// The result as a table for a terminal, with what it shows and what it is too small to show.
std::string format_table(const QuickstartResult& result);

}  // namespace cambium::study
