#pragma once

#include <functional>

#include "cambium/analysis/skip.h"
#include "cambium/analysis/values.h"

namespace cambium::analysis {

/// One prompt as [1, tokens] int32.
at::Tensor as_batch(const Prompt& prompt);

/// The future effect of every prompt that has cut positions, one unit of the analysis each. Throws InvalidInput where
/// none has any.
void for_each_skip_effect(Context& context,
                          const std::function<void(const Prompt& prompt, const SkipEffect& effect)>& visit);

}  // namespace cambium::analysis
