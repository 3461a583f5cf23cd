#include <algorithm>

#include "cambium/data/synth/draw.h"
#include "cambium/data/synth/lexicon.h"
#include "cambium/data/synth/world.h"

namespace cambium::data {

void tell_owners(Prose& prose) {
  CounterRandom& random = prose.random();
  const int count = draw_between(random, 2, 5);
  const auto owners = draw_distinct(random, people(), count);
  const auto owned = draw_distinct(random, things(), count);
  const auto shades = draw_distinct(random, colours(), count);
  std::vector<Slots> facts;
  for (size_t i = 0; i < owners.size(); ++i) {
    facts.push_back({{"name", std::string(owners[i].name)},
                     {"thing", std::string(owned[i].name)},
                     {"colour", std::string(shades[i])}});
    prose.say({"{name} has the {colour} {thing}.", "{name} has the {colour} {thing}.",
               "The {colour} {thing} belongs to {name}."},
              facts.back());
  }
  shuffle(random, facts);
  for (const Slots& fact : facts) {
    prose.say(
        {"Who has the {thing}? {name} has the {thing}.", "What does {name} have? {name} has the {colour} {thing}.",
         "What colour is the {thing}? The {thing} is {colour}.",
         "Who has something {colour}? {name} has the {colour} {thing}."},
        fact);
  }
}

void tell_whereabouts(Prose& prose) {
  CounterRandom& random = prose.random();
  const int count = draw_between(random, 2, 5);
  const auto lying = draw_distinct(random, things(), count);
  const auto spots = draw_distinct(random, places(), count);
  std::vector<Slots> facts;
  for (size_t i = 0; i < lying.size(); ++i) {
    facts.push_back({{"thing", std::string(lying[i].name)},
                     {"where", std::string(spots[i].where)},
                     {"place", std::string(spots[i].name)}});
    prose.say({"The {thing} is {where}.", "The {thing} is {where}.", "Someone left the {thing} {where}."},
              facts.back());
  }
  shuffle(random, facts);
  for (const Slots& fact : facts) {
    prose.say({"Where is the {thing}? The {thing} is {where}.", "What is {where}? The {thing} is {where}.",
               "Go to the {place} and you will find the {thing}."},
              fact);
  }
}

void tell_heights(Prose& prose) {
  CounterRandom& random = prose.random();
  const auto order = draw_distinct(random, people(), draw_between(random, 3, 4));
  constexpr Pair kMeasures[] = {
      {"taller", "tallest"}, {"older", "oldest"}, {"faster", "fastest"}, {"stronger", "strongest"}};
  constexpr Pair kReverse[] = {
      {"shorter", "shortest"}, {"younger", "youngest"}, {"slower", "slowest"}, {"weaker", "weakest"}};
  const size_t measure = random.below(std::size(kMeasures));
  const auto link = [&](size_t i, size_t j) {
    return Slots{{"a", std::string(order[i].name)},
                 {"b", std::string(order[j].name)},
                 {"more", std::string(kMeasures[measure].first)},
                 {"less", std::string(kReverse[measure].first)},
                 {"most", std::string(kMeasures[measure].second)},
                 {"least", std::string(kReverse[measure].second)}};
  };
  for (size_t i = 0; i + 1 < order.size(); ++i)
    prose.say({"{a} is {more} than {b}.", "{b} is {less} than {a}."}, link(i, i + 1));
  const Slots ends = link(0, order.size() - 1);
  prose.say({"Who is the {most}? {a} is the {most}.", "Who is the {least}? {b} is the {least}."}, ends);
  prose.say({"So {a} is {more} than {b}.", "Is {a} {more} than {b}? Yes, {a} is {more} than {b}.",
             "Is {b} {more} than {a}? No, {a} is {more} than {b}."},
            ends);
}

}  // namespace cambium::data
