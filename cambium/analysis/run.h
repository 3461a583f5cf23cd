#pragma once

#include "cambium/analysis/analysis.h"

namespace cambium::analysis {

// One function an analysis; their definitions stand beside their names in registry.cc.
Values contributions(Context& context);
Values cosines_to_stream(Context& context);
Values skip_effect(Context& context);
Values skip_effect_current(Context& context);
Values skip_effect_local(Context& context);
Values depth_score(Context& context);
Values logit_lens(Context& context);
Values tuned_lens(Context& context);
Values early_exit(Context& context);
Values remove_layers(Context& context);
Values swap_layers(Context& context);
Values reverse_layers(Context& context);
Values shuffle_blocks(Context& context);
Values loop_blocks(Context& context);
Values weight_similarity(Context& context);
Values block_influence(Context& context);
Values angular_distance(Context& context);
Values linear_cka(Context& context);
Values attention(Context& context);
Values retrieval(Context& context);
Values residual_erasure(Context& context);
Values integrated_gradients(Context& context);
Values signatures(Context& context);

}  // namespace cambium::analysis
