#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "cambium/model/forward.h"

namespace cambium::model {

struct GenerateOptions {
  int64_t max_tokens = 128;
  double temperature = 1;  ///< 0: greedy
  double top_p = 1;        ///< keeps the smallest set of tokens with at least this probability (Holtzman et al. 2020)
  uint64_t seed = 1;
  std::optional<int32_t> stop = {};  ///< an id that ends the text (end-of-text, as a rule); not part of the result
};

/// Continues a prompt (at least one id) with a cache of keys and values. `each(id)` hears every new id as it is made.
std::vector<int32_t> generate(Llama& model, Forward& forward, std::span<const int32_t> prompt,
                              const GenerateOptions& options, const std::function<void(int32_t)>& each);

}  // namespace cambium::model
