#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cambium::train {

/// Where the data of a source stood.
struct DataPosition {
  std::string source;
  int64_t windows;
  int64_t tokens;
};

/// The checkpoint of another run that a run goes on from (`run.branch_from`).
struct Branch {
  std::string from;                    ///< the directory, as it was given
  std::string model_hash;              ///< XXH3-128 of its model.safetensors
  int64_t step = 0;                    ///< steps done there
  int64_t growths = 0;                 ///< growths made there
  int64_t symmetrized = 0;             ///< interventions made there
  std::vector<DataPosition> position;  ///< what had been read of each source there
};

}  // namespace cambium::train
