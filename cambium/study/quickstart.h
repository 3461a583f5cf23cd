#pragma once

#include <cstdint>
#include <filesystem>

#include "cambium/study/jobs/study_config.h"

namespace cambium::study {

struct QuickstartOptions {
  std::filesystem::path out = "runs/quickstart";
  double minutes = 4;  ///< for all trainings together; the number of steps follows from a short measurement
  int64_t steps = 0;   ///< > 0: exactly so many, without a measurement
  uint64_t seed = 1;
  int64_t questions = 200;  ///< held-out items of each primitive
};

/// The study configs/study/quickstart.toml, written into `out` together with the configuration of its runs, with as
/// many steps as take `minutes` here. A second call in the same folder keeps the first one's number of steps; throws
/// InvalidInput where it is asked for something else.
StudyConfig quickstart_study(const QuickstartOptions& options);

}  // namespace cambium::study
