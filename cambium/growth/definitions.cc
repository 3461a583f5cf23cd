#include "cambium/growth/definitions.h"

#include <algorithm>
#include <numeric>

#include "cambium/base/error.h"
#include "cambium/base/random.h"

namespace cambium::growth {
namespace {

int ceil_half(int value) { return (value + 1) / 2; }

void check_blocks(const GrowthRequest& request) {
  const auto [layers, block, seed] = request;
  if (block < 1) throw InvalidArgument(format("block_size: expected 1 or more layers, found {}", block));
  if (layers >= block && layers % block == 0) return;
  const int below = layers / block * block;
  const std::string nearest_depths =
      layers < block ? format("{}", block) : format("{} or {}", below, int64_t{below} + block);
  throw InvalidArgument(format("a depth of {} layers is no positive multiple of the block of {} (nearest: {})", layers,
                               block, nearest_depths));
}

/// A request that fits, with the quantities of the definitions.
struct Depth {
  explicit Depth(const GrowthRequest& request)
      : layers((check_blocks(request), request.num_layers)),
        block(request.block_size),
        blocks(layers / block),
        middle_block(ceil_half(blocks) - 1),
        behind_middle((middle_block + 1) * block) {}
  int layers, block, blocks, middle_block, behind_middle;
};

std::vector<int> layers_from(int first, int count) {
  std::vector<int> layers(static_cast<size_t>(count));
  std::iota(layers.begin(), layers.end(), first);
  return layers;
}

/// What an operator draws depends on the depth, so that the growths of a run differ.
CounterRandom draws(const GrowthRequest& request, std::string_view what) {
  return {request.seed, format("growth.{}.{}", what, request.num_layers)};
}

int below(CounterRandom& random, int bound) { return static_cast<int>(random.below(static_cast<uint64_t>(bound))); }

}  // namespace

Growth midas(const GrowthRequest& request) {
  const Depth depth(request);
  return {layers_from(depth.middle_block * depth.block, depth.block), depth.behind_middle};
}

Growth lidas(const GrowthRequest& request) {
  const Depth depth(request);
  return {layers_from(ceil_half(depth.layers) - ceil_half(depth.block), depth.block), depth.behind_middle};
}

Growth lidas_middle(const GrowthRequest& request) {
  Growth growth = lidas(request);
  growth.insert_at = ceil_half(request.num_layers);
  return growth;
}

Growth gradstack(const GrowthRequest& request) {
  const Depth depth(request);
  return {layers_from(depth.layers - depth.block, depth.block), depth.layers};
}

Growth bottom(const GrowthRequest& request) {
  const Depth depth(request);
  return {layers_from(0, depth.block), depth.block};
}

Growth random_block(const GrowthRequest& request) {
  const Depth depth(request);
  CounterRandom random = draws(request, "random");
  const int block = below(random, depth.blocks), place = below(random, depth.blocks + 1);
  return {layers_from(block * depth.block, depth.block), place * depth.block};
}

Growth random_layers(const GrowthRequest& request) {
  const Depth depth(request);
  CounterRandom random = draws(request, "random_layers");
  std::vector<int> layers = layers_from(0, depth.layers);
  for (int i = 0; i < depth.block; ++i) {  // the first draws of a shuffle
    std::swap(layers[static_cast<size_t>(i)], layers[static_cast<size_t>(i + below(random, depth.layers - i))]);
  }
  layers.resize(static_cast<size_t>(depth.block));
  std::sort(layers.begin(), layers.end());
  return {std::move(layers), depth.behind_middle};
}

Growth interpose(const GrowthRequest& request) {
  const Depth depth(request);
  Growth growth{layers_from(0, depth.layers), 1};
  for (int layer = 0; layer < depth.layers; ++layer) growth.places.push_back(2 * layer + 1);
  return growth;
}

Growth stack(const GrowthRequest& request) {
  const Depth depth(request);
  return {layers_from(0, depth.layers), depth.layers};
}

Growth identity(const GrowthRequest& request) {
  Growth growth = midas(request);
  growth.making = Making::kIdentity;
  return growth;
}

Growth fresh(const GrowthRequest& request) {
  const Depth depth(request);
  Growth growth{std::vector<int>(static_cast<size_t>(depth.block), kNoSource), depth.behind_middle};
  growth.making = Making::kFresh;
  return growth;
}

Growth average(const GrowthRequest& request) {
  const Depth depth(request);
  Growth growth = midas(request);
  const int next_block = std::min(depth.middle_block + 1, depth.blocks - 1);
  growth.partners = layers_from(next_block * depth.block, depth.block);
  growth.making = Making::kAverage;
  return growth;
}

}  // namespace cambium::growth
