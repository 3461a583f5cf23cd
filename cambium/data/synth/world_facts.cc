#include <algorithm>

#include "cambium/data/synth/draw.h"
#include "cambium/data/synth/lexicon.h"
#include "cambium/data/synth/world.h"

namespace cambium::data {

void tell_animals(Prose& prose) {
  CounterRandom& random = prose.random();
  auto chosen = draw_distinct(random, animals(), 2);
  for (const Animal& animal : chosen) {
    const Slots slots{{"one", std::string(animal.name)},
                      {"many", std::string(animal.plural)},
                      {"home", std::string(animal.home)},
                      {"food", std::string(animal.food)},
                      {"sound", std::string(animal.sound)},
                      {"young", std::string(animal.young)},
                      {"legs", animal.legs == 0 ? std::string("no legs") : number_word(animal.legs) + " legs"}};
    prose.say({"{a:one} has {legs}.", "All {many} have {legs}.", "The young of {a:one} is called {a:young}."}, slots);
    prose.say({"{a:one} {sound} and eats {food}.", "What does {a:one} eat? It eats {food}.",
               "When {a:one} is hungry, it looks for {food}."},
              slots);
    prose.say({"It lives in {home}.", "Its home is {home}.", "Where do {many} live? Their home is {home}."}, slots);
  }
  std::sort(chosen.begin(), chosen.end(), [](const Animal& a, const Animal& b) { return a.size > b.size; });
  prose.say({"{a:big} is bigger than {a:small}.", "{a:small} is smaller than {a:big}.",
             "Which is bigger, {a:small} or {a:big}? {a:big} is bigger."},
            {{"big", std::string(chosen[0].name)}, {"small", std::string(chosen[1].name)}});
}

void tell_jobs(Prose& prose) {
  CounterRandom& random = prose.random();
  const auto chosen = draw_distinct(random, jobs(), 2);
  const auto cast = draw_distinct(random, people(), 2);
  for (size_t i = 0; i < chosen.size(); ++i) {
    const Job& job = chosen[i];
    const Slots slots{{"job", std::string(job.name)},  {"place", std::string(job.place)},
                      {"does", std::string(job.does)}, {"past", std::string(job.past)},
                      {"tool", std::string(job.tool)}, {"name", std::string(cast[i].name)},
                      {"he", std::string(cast[i].he)}, {"day", std::string(draw_from(random, weekdays()))}};
    prose.say({"{name} is {a:job}.", "{name} works as {a:job}.", "The {job} is called {name}."}, slots);
    prose.say({"{he} {does}.", "Every day {he} {does}.", "Last {day} {he} {past} until dark."}, slots);
    prose.say({"{he} works with {tool}.", "{a:job} needs {tool}.", "The place of {a:job} is the {place}."}, slots);
  }
  const size_t asked = random.below(2);
  prose.say(
      {"Who {does}? {name} {does}.", "What is {name}? {name} is {a:job}.", "What does {a:job} do? {a:job} {does}."},
      {{"does", std::string(chosen[asked].does)},
       {"name", std::string(cast[asked].name)},
       {"job", std::string(chosen[asked].name)}});
}

void tell_things(Prose& prose) {
  CounterRandom& random = prose.random();
  for (const Thing& thing : draw_distinct(random, things(), draw_between(random, 3, 4))) {
    const Slots slots{{"one", std::string(thing.name)},
                      {"many", std::string(thing.plural)},
                      {"material", std::string(thing.material)},
                      {"use", std::string(thing.use)},
                      {"colour", std::string(draw_from(random, colours()))}};
    prose.say({"{a:one} is made of {material}.", "People make {many} from {material}.",
               "What is {a:one} made of? It is made of {material}."},
              slots);
    prose.say({"You can use it {use}.", "It serves {use}.", "Why do people need {a:one}? They need it {use}."}, slots);
  }
}

void tell_kinds(Prose& prose) {
  CounterRandom& random = prose.random();
  const auto listed = draw_distinct(random, foods(), 3);
  for (const Food& food : listed) {
    prose.say({"{a:food} is {a:kind}.", "{a:food} is {a:kind}, and it tastes {taste}.",
               "Is {a:food} {a:other}? {answer}, {a:food} is {a:kind}."},
              {{"food", std::string(food.name)},
               {"kind", std::string(food.kind)},
               {"taste", std::string(food.taste)},
               {"other", std::string(listed[0].kind)},
               {"answer", food.kind == listed[0].kind ? "Yes" : "No"}});
  }
  for (const Pair& pair : draw_distinct(random, opposites(), draw_between(random, 2, 3))) {
    prose.say({"The opposite of {a} is {b}.", "The opposite of {b} is {a}.", "What is not {a} is {b}."},
              {{"a", std::string(pair.first)}, {"b", std::string(pair.second)}});
  }
}

void tell_seasons(Prose& prose) {
  CounterRandom& random = prose.random();
  const size_t now = random.below(seasons().size());
  const Season& season = seasons()[now];
  const Pair& land = draw_from(random, capitals());
  const Slots slots{{"season", std::string(season.name)},
                    {"weather", std::string(season.weather)},
                    {"land", std::string(season.land)},
                    {"doing", std::string(season.doing)},
                    {"next", std::string(seasons()[(now + 1) % 4].name)},
                    {"country", std::string(land.first)},
                    {"city", std::string(land.second)}};
  prose.say({"In {season} it is {weather}.", "The {season} of {country} is {weather}."}, slots);
  prose.say(
      {"The fields are {land}.", "In {season} people {doing}.", "Then the fields are {land}, and people {doing}."},
      slots);
  prose.say({"After {season} comes {next}.", "When {season} is over, {next} begins."}, slots);
  prose.say({"{city} is the capital of {country}.", "What is the capital of {country}? It is {city}.",
             "Many people of {country} live in {city}."},
            slots);
}

}  // namespace cambium::data
