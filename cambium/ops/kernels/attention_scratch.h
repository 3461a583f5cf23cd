#pragma once

#include "cambium/ops/kernels/kernels.h"

namespace cambium::ops::kernels {

/// Query rows and keys that meet at a time.
constexpr int64_t kQueryRows = 64;
constexpr int64_t kKeyBlock = 512;

/// Hands out parts of a scratch buffer, each on a cache line of its own where the buffer starts on one. Without a
/// buffer it only counts.
struct ScratchCutter {
  int32_t* data = nullptr;
  int64_t used = 0;
  int32_t* words(int64_t count) {
    constexpr int64_t kLine = 16;
    int32_t* part = data == nullptr ? nullptr : data + used;
    used += (count + kLine - 1) / kLine * kLine;
    return part;
  }
};

}  // namespace cambium::ops::kernels
