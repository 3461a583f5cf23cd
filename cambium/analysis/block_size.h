#pragma once

#include <cstdint>
#include <filesystem>

namespace cambium::analysis {

/// Layers of a block: that of the growths in the checkpoint's trainer.json, where it has some; else 4 where that
/// divides the depth into at least two blocks; else 0.
int64_t find_block_size(const std::filesystem::path& model, int64_t layers);

}  // namespace cambium::analysis
