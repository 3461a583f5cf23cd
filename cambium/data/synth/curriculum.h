#pragma once

#include "cambium/data/synth/item.h"

namespace cambium::data {

/// One text of the mixture that the quickstart trains on: the English corpus, and beside it the primitives, which begin
/// in forms that a small model picks up quickly (a list of words said twice; a few pairs of name and value said again
/// in another order; every variable asked for) and move on to the full forms as `progress` goes from 0 to 1.
SynthItem curriculum_item(CounterRandom& random, double progress);

}  // namespace cambium::data
