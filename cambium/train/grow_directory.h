#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cambium/growth/schedule.h"

namespace cambium::train {

/// The growth operator on its own: `times` growths by `block_size` layers each, one right after the other.
struct GrowRequest {
  std::string op;
  int block_size = 0;
  int times = 1;
  std::string moments = "copy";  ///< copy | zero
};

/// Writes the grown model to `to`, which must not exist: every tensor in its stored dtype, bit for bit; config.json as
/// it was but for the depth; tokenizer files. From a checkpoint (whose manifest was checked) also the moments, grown
/// alike, and trainer.json with its log and lineage extended. Gives what was done; events of a checkpoint carry its
/// step. Throws InvalidInput for an unknown operator or a depth that does not fit the block.
std::vector<growth::GrowthEvent> grow_directory(const std::filesystem::path& from, const std::filesystem::path& to,
                                                const GrowRequest& request);

}  // namespace cambium::train
