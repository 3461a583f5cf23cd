#pragma once

#include "cambium/data/synth/item.h"
#include "cambium/data/synth/prose.h"

namespace cambium::data {

/// The built-in English corpus: short texts about people, places, objects, animals and work, each with something to be
/// learned from it - facts that come back, things that are bound to people and places, sums told in words.

/// Stories: someone goes places, loses a thing, meets a friend, spends a day, writes a letter.
void tell_journey(Prose& prose);
void tell_lost_thing(Prose& prose);
void tell_meeting(Prose& prose);
void tell_day(Prose& prose);
void tell_letter(Prose& prose);

/// Who has what, where things are, who is tallest: several questions about a few sentences.
void tell_owners(Prose& prose);
void tell_whereabouts(Prose& prose);
void tell_heights(Prose& prose);

/// Sums in words.
void tell_counting(Prose& prose);
void tell_shopping(Prose& prose);
void tell_sharing(Prose& prose);
void tell_sequence(Prose& prose);

/// Facts that hold in every text.
void tell_animals(Prose& prose);
void tell_jobs(Prose& prose);
void tell_things(Prose& prose);
void tell_kinds(Prose& prose);
void tell_seasons(Prose& prose);

/// One text of a random kind.
SynthItem world_item(CounterRandom& random);

}  // namespace cambium::data
