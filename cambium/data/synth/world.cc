#include "cambium/data/synth/world.h"

#include "cambium/data/synth/draw.h"
#include "cambium/data/synth/lexicon.h"

namespace cambium::data {
namespace {

using Teller = void (*)(Prose&);

/// Stories and facts are told more often than sequences.
constexpr Teller kTellers[] = {
    tell_journey,  tell_journey,  tell_journey, tell_lost_thing, tell_lost_thing,  tell_meeting, tell_meeting,
    tell_day,      tell_letter,   tell_owners,  tell_owners,     tell_whereabouts, tell_heights, tell_counting,
    tell_counting, tell_shopping, tell_sharing, tell_sequence,   tell_animals,     tell_animals, tell_jobs,
    tell_jobs,     tell_things,   tell_kinds,   tell_seasons,
};

}  // namespace

SynthItem world_item(CounterRandom& random) {
  Prose prose(random);
  draw_from(random, kTellers)(prose);
  SynthItem item;
  item.task = "world";
  item.text = std::move(prose).text();
  item.canonical = without_names(item.text);
  return item;
}

}  // namespace cambium::data
