#include "cambium/growth/symmetry.h"

#include <algorithm>
#include <numeric>

#include "cambium/base/error.h"
#include "cambium/base/random.h"

namespace cambium::growth {
namespace {

std::vector<BlockPair> mirror_pairs(int num_blocks) {
  std::vector<BlockPair> pairs;
  for (int block = 0; block < num_blocks / 2; ++block) pairs.emplace_back(block, num_blocks - 1 - block);
  return pairs;
}

/// Shuffles until neighbours in the shuffled row are no mirror images; a good share of all shuffles is.
std::vector<BlockPair> unmatched_pairs(int num_blocks, uint64_t seed) {
  CounterRandom random(seed, "symmetrize.pairs");
  std::vector<int> row(static_cast<size_t>(num_blocks));
  std::iota(row.begin(), row.end(), 0);
  while (true) {
    for (size_t i = row.size() - 1; i > 0; --i) std::swap(row[i], row[random.below(i + 1)]);
    std::vector<BlockPair> pairs;
    for (size_t i = 0; i + 1 < row.size(); i += 2) pairs.emplace_back(std::minmax(row[i], row[i + 1]));
    const auto mirrored = [&](const BlockPair& pair) { return pair.first + pair.second == num_blocks - 1; };
    if (std::none_of(pairs.begin(), pairs.end(), mirrored)) {
      std::sort(pairs.begin(), pairs.end());
      return pairs;
    }
  }
}

}  // namespace

std::vector<std::string> symmetrize_controls() { return {"none", "unmatched", "random"}; }

std::vector<BlockPair> block_pairs(int num_blocks, const Symmetrize& how) {
  const int least = how.control == "unmatched" ? 3 : 2;
  if (num_blocks < least) {
    throw InvalidArgument(format("symmetrize{}: expected at least {} blocks, found {}",
                                 how.control == "none" ? "" : format(" (control {})", how.control), least, num_blocks));
  }
  return how.control == "unmatched" ? unmatched_pairs(num_blocks, how.seed) : mirror_pairs(num_blocks);
}

}  // namespace cambium::growth
