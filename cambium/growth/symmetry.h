#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cambium::growth {

/// Moves the weights of paired blocks towards each other: with W and V at the same place of the two blocks and strength
/// s in [0, 1],
///   W <- (1 - s) W + s (W + V) / 2,   V likewise.
/// Blocks are paired
///   mirror:     i with n - 1 - i of n blocks, so that s = 1 makes the similarity between blocks symmetric about the
///   centre; unmatched:  a control: as many drawn pairs, none of them mirror images; random:     a control: pairs as
///   `mirror`, but each tensor moves as far (L2 norm) in a drawn direction.
/// First moments and second moments are averaged over the pair in all three.
struct Symmetrize {
  double strength = 1;
  std::string control = "none";  ///< none (mirror) | unmatched | random
  uint64_t seed = 1;
};

std::vector<std::string> symmetrize_controls();

using BlockPair = std::pair<int, int>;
/// The pairs for `num_blocks` blocks. Throws InvalidArgument where there are none (one block; unmatched: two).
std::vector<BlockPair> block_pairs(int num_blocks, const Symmetrize& how);

/// A Symmetrize as it happened.
struct SymmetrizeEvent {
  int64_t step = 0;
  int block_size = 1;
  Symmetrize how;
  std::vector<BlockPair> pairs;
};

}  // namespace cambium::growth
