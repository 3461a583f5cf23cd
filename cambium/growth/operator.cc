#include "cambium/growth/operator.h"

#include <algorithm>
#include <numeric>

#include "cambium/base/error.h"
#include "cambium/base/text.h"
#include "cambium/growth/definitions.h"

namespace cambium::growth {
namespace {

constexpr Operator kOperators[] = {
    {"midas", "copies the middle block and inserts the copy right behind it", "0 1 2 3 [0 1 2 3] 4 5 6 7",
     "Saunshi et al. 2024", false, false, midas},
    {"lidas", "copies the layers about the exact middle, inserted where midas inserts", "0 1 2 3 [2 3 4 5] 4 5 6 7",
     "Kapl et al. 2025", false, false, lidas},
    {"lidas_middle", "the same copies, inserted at the exact middle layer also where that splits a block",
     "0 1 2 3 [2 3 4 5] 4 5 6 7", "the other reading of Kapl et al. 2025", false, false, lidas_middle},
    {"gradstack", "copies the last block to the end", "0 1 2 3 4 5 6 7 [4 5 6 7]",
     "gradual stacking, Saunshi et al. 2024", false, false, gradstack},
    {"bottom", "copies the first block and inserts the copy right behind it", "0 1 2 3 [0 1 2 3] 4 5 6 7",
     "a control: growth at the input", false, false, bottom},
    {"random", "copies a drawn block to a drawn place between blocks", "0 1 2 3 4 5 6 7 [0 1 2 3]",
     "a control: neither source nor place is chosen", false, false, random_block},
    {"random_layers", "copies of drawn layers, in ascending order, inserted where midas inserts",
     "0 1 2 3 [1 2 5 7] 4 5 6 7", "a control: the copies are no window", false, false, random_layers},
    {"interpose", "each layer twice in place; the depth doubles", "0 [0] 1 [1] 2 [2] 3 [3] 4 [4] 5 [5] 6 [6] 7 [7]",
     "interpolation, for example Chang et al. 2018", true, false, interpose},
    {"stack", "the whole model on top of itself; the depth doubles", "0 1 2 3 4 5 6 7 [0 1 2 3 4 5 6 7]",
     "progressive stacking, Gong et al. 2019; G_stack, Du et al. 2024", true, false, stack},
    {"identity", "midas, with the copies' o_proj and down_proj set to zero: the function stays",
     "0 1 2 3 [0' 1' 2' 3'] 4 5 6 7", "LLaMA-Pro, Wu et al. 2024", false, true, identity},
    {"fresh", "a newly drawn block where midas inserts", "0 1 2 3 [* * * *] 4 5 6 7", "a control: no copies", false,
     false, fresh},
    {"average", "the mean of the middle block and the block behind it, inserted between them",
     "0 1 2 3 [0+4 1+5 2+6 3+7] 4 5 6 7", "a control: new layers between their neighbours", false, false, average},
};

}  // namespace

std::span<const Operator> operators() { return kOperators; }

std::vector<std::string> operator_names() {
  std::vector<std::string> names;
  for (const Operator& op : kOperators) names.emplace_back(op.name);
  return names;
}

const Operator& find_operator(std::string_view name) {
  for (const Operator& op : kOperators) {
    if (op.name == name) return op;
  }
  throw InvalidArgument(format("unknown growth operator `{}`{} (known: {})", name, did_you_mean(name, operator_names()),
                               join(operator_names(), ", ")));
}

int depth_after(const Operator& op, int num_layers, int block_size) {
  return num_layers + (op.doubles ? num_layers : block_size);
}

Growth grow_by(std::string_view name, const GrowthRequest& request) { return find_operator(name).grow(request); }

std::vector<int> layer_map(int num_layers, const Growth& growth) {
  const auto is_layer = [&](int layer) { return layer >= 0 && layer < num_layers; };
  const auto is_source = [&](int layer) {
    return growth.making == Making::kFresh ? layer == kNoSource : is_layer(layer);
  };
  const size_t count = growth.sources.size();
  bool fits = growth.insert_at >= 0 && growth.insert_at <= num_layers &&
              std::all_of(growth.sources.begin(), growth.sources.end(), is_source) &&
              std::all_of(growth.partners.begin(), growth.partners.end(), is_layer) &&
              growth.partners.size() == (growth.making == Making::kAverage ? count : 0);
  if (!growth.places.empty()) {
    fits =
        fits && growth.places.size() == count && growth.places.front() == growth.insert_at &&
        growth.places.back() < num_layers + static_cast<int>(count) &&
        std::adjacent_find(growth.places.begin(), growth.places.end(), std::greater_equal<>()) == growth.places.end();
  }
  if (!fits) {
    throw InvalidArgument(format("a growth that copies layers {} and inserts at {}{} does not fit {} layers",
                                 fmt::join(growth.sources, " "), growth.insert_at,
                                 growth.places.empty() ? "" : format(" (places {})", fmt::join(growth.places, " ")),
                                 num_layers));
  }
  std::vector<int> map(static_cast<size_t>(num_layers));
  std::iota(map.begin(), map.end(), 0);
  for (size_t i = 0; i < count; ++i) map.insert(map.begin() + growth.place(i), growth.sources[i]);
  return map;
}

}  // namespace cambium::growth
