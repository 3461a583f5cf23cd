#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cambium/train/record/events.h"

namespace cambium::train {

/// The growth operator on its own: `times` growths, one right after the other.
struct GrowRequest {
  std::string op;
  int block_size = 0;  ///< may stay 0 where the operator doubles the depth
  int times = 1;
  growth::Policy policy;         ///< what concerns later steps does nothing here
  std::optional<uint64_t> seed;  ///< of operators, noise and new layers that are drawn; none: the checkpoint's
  std::vector<int64_t> sources;  ///< of operator "explicit"
  int64_t insert_at = 0;         ///< of operator "explicit"
};

/// Writes the grown model to `to`, which must not exist: every tensor in its stored dtype, bit for bit; config.json as
/// it was but for the depth; tokenizer files. From a checkpoint (whose manifest was checked) also the moments, grown
/// alike, and trainer.json with its log and lineage extended. Gives what was done; events of a checkpoint carry its
/// step. Throws InvalidInput for an unknown operator or a depth that does not fit the block.
std::vector<GrowthRecord> grow_directory(const std::filesystem::path& from, const std::filesystem::path& to,
                                         const GrowRequest& request);

/// The intervention of growth/symmetry.h on its own.
struct SymmetrizeRequest {
  int block_size = 0;
  growth::Symmetrize how;
  std::optional<uint64_t> seed;  ///< of the controls; none: the checkpoint's
};
/// Writes the changed model to `to`, as grow_directory does. Gives what was done.
growth::SymmetrizeEvent symmetrize_directory(const std::filesystem::path& from, const std::filesystem::path& to,
                                             const SymmetrizeRequest& request);

}  // namespace cambium::train
