#include "cambium/data/synth/draw.h"
#include "cambium/data/synth/lexicon.h"
#include "cambium/data/synth/world.h"

namespace cambium::data {
namespace {

Slots slots_of(const Person& person) {
  return {{"name", std::string(person.name)},
          {"he", std::string(person.he)},
          {"him", std::string(person.him)},
          {"his", std::string(person.his)}};
}

Slots with(Slots slots, std::initializer_list<std::pair<std::string_view, std::string_view>> more) {
  for (const auto& [key, value] : more) slots.emplace_back(key, std::string(value));
  return slots;
}

std::string described(CounterRandom& random, const Thing& thing) {
  const std::string_view adjective = random.below(2) == 0 ? draw_from(random, colours()) : draw_from(random, looks());
  return std::string(adjective) + " " + std::string(thing.name);
}

void set_the_scene(Prose& prose, const Slots& person) {
  CounterRandom& random = prose.random();
  if (!prose.chance(0.7)) return;
  const Season& season = draw_from(random, seasons());
  prose.say(
      {"It was {season}, and the days were {weather}.", "It was {day} morning, and {name} was {mood}.",
       "One {day} in {season} {name} woke up early.", "The sun came up over the hill, and {name} opened the door.",
       "On {day} it rained until noon.", "{name} was {mood} that day.", "Last {season} {name} made a long walk."},
      with(person, {{"season", season.name},
                    {"weather", season.weather},
                    {"day", draw_from(random, weekdays())},
                    {"mood", draw_from(random, moods())}}));
}

}  // namespace

void tell_journey(Prose& prose) {
  CounterRandom& random = prose.random();
  const Person& person = draw_from(random, people());
  const auto route = draw_distinct(random, places(), draw_between(random, 2, 4));
  const auto carried = draw_distinct(random, things(), 2);
  Slots base = slots_of(person);
  set_the_scene(prose, base);
  const std::string thing = described(random, carried[0]);
  base = with(base, {{"thing", thing}, {"plain", carried[0].name}, {"other", carried[1].name}});
  prose.say({"{name} took the {thing} from the shelf.", "{name} had {a:thing}.",
             "{name} found {a:thing} near the door.", "{name} put the {thing} into {his} bag."},
            base);
  const size_t left_at = random.below(route.size());
  for (size_t i = 0; i < route.size(); ++i) {
    const Slots here =
        with(base, {{"place", route[i].name}, {"where", route[i].where}, {"went", draw_from(random, went())}});
    if (i == 0) {
      prose.say({"{he} {went} to the {place}.", "First {he} {went} to the {place}.",
                 "{he} left the house and {went} to the {place}."},
                here);
    } else {
      prose.say({"Then {he} {went} to the {place}.", "After that {he} {went} to the {place}.",
                 "From there {he} {went} on to the {place}."},
                here);
    }
    if (i == left_at) {
      prose.say(
          {"{he} left the {plain} there.", "There {he} put the {plain} down and forgot it.",
           "{he} gave the {plain} to a man {where}.", "{he} laid the {plain} on a bench and walked away without it."},
          here);
    } else if (prose.chance(0.3)) {
      prose.say({"{he} saw a dog, but it did not bark.", "Nobody was {where}.", "{he} rested for an hour.",
                 "{he} talked to an old friend there.", "{he} listened to the birds.",
                 "There was {a:other} on the ground, but {he} did not touch it."},
                here);
    }
  }
  const Slots end =
      with(base, {{"there", route[left_at].where}, {"last", route.back().where}, {"mood", draw_from(random, moods())}});
  prose.say({"Where is {name} now? {name} is {last}.", "Now {name} is {last}.",
             "At last {name} was {last}, and {he} was {mood}."},
            end);
  prose.say({"Where is the {plain}? The {plain} is {there}.", "The {plain} is still {there}.",
             "In the evening {he} missed the {plain}: it was {there}."},
            end);
}

void tell_lost_thing(Prose& prose) {
  CounterRandom& random = prose.random();
  const auto pair = draw_distinct(random, people(), 2);
  const auto searched = draw_distinct(random, places(), draw_between(random, 2, 4));
  const Thing& thing = draw_from(random, things());
  const std::string full = described(random, thing);
  const Slots base = with(slots_of(pair[0]), {{"friend", pair[1].name},
                                              {"their", pair[1].his},
                                              {"thing", full},
                                              {"plain", thing.name},
                                              {"use", thing.use},
                                              {"mood", draw_from(random, moods())}});
  set_the_scene(prose, base);
  prose.say({"{name} could not find the {thing}.", "{name} had lost {his} {thing}.", "The {thing} of {name} was gone."},
            base);
  prose.say({"{he} needed the {plain} {use}.", "\"I need my {plain} {use},\" said {name}.",
             "Without it {he} was not able {use}."},
            base);
  for (size_t i = 0; i < searched.size(); ++i) {
    const Slots here = with(base, {{"where", searched[i].where}, {"place", searched[i].name}});
    if (i + 1 < searched.size()) {
      prose.say({"{he} looked {where}, but the {plain} was not there.", "It was not {where}.",
                 "{he} searched the {place} and found nothing.", "\"Is it {where}?\" asked {friend}. It was not."},
                here);
    } else {
      prose.say(
          {"At last {he} looked {where}, and there it was.",
           "Then {friend} called: \"Come here! The {plain} is {where}!\"", "In the end {friend} found it {where}."},
          here);
    }
  }
  prose.say(
      {"{name} was happy again.", "{name} thanked {friend}.", "\"Thank you,\" said {name}, and {he} laughed.",
       "From that day on {name} took better care of the {plain}.", "{friend} smiled and went back to {their} work."},
      base);
}

void tell_meeting(Prose& prose) {
  CounterRandom& random = prose.random();
  const auto pair = draw_distinct(random, people(), 2);
  const Food& food = draw_from(random, foods());
  const Place& place = draw_from(random, places());
  const int has = draw_between(random, 3, 12), gives = draw_between(random, 1, has - 1);
  const Slots base = with(slots_of(pair[0]), {{"friend", pair[1].name},
                                              {"fhe", pair[1].he},
                                              {"where", place.where},
                                              {"foods", food.plural},
                                              {"taste", food.taste},
                                              {"has", number_word(has)},
                                              {"gives", number_word(gives)},
                                              {"left", number_word(has - gives)},
                                              {"given", gives == 1 ? food.name : food.plural},
                                              {"rest", has - gives == 1 ? food.name : food.plural}});
  set_the_scene(prose, base);
  prose.say({"{name} met {friend} {where}.", "{friend} was {where} when {name} came by.",
             "{name} and {friend} sat together {where}."},
            base);
  prose.say({"\"Good morning,\" said {name}. \"What do you have in your bag?\"",
             "\"Hello,\" said {name}. \"What is in your basket?\"", "\"You look hungry,\" said {friend}."},
            base);
  prose.say({"\"I have {has} {foods},\" said {friend}. \"They are {taste}.\"",
             "\"Here are {has} {taste} {foods},\" said {friend}."},
            base);
  prose.say(
      {"{fhe} gave {gives} {given} to {name}.", "{name} asked for {gives}, and {friend} gave {him} {gives} {given}."},
      base);
  prose.say({"Now {friend} had {left} {rest}.", "So {friend} kept {left} {rest}.",
             "{has} less {gives} is {left}, so {friend} had {left} {rest} left."},
            base);
  if (prose.chance(0.5))
    prose.say({"They talked until it was dark.", "Then they walked home together.",
               "\"See you tomorrow,\" said {friend}.", "{name} ate slowly and looked at the clouds."},
              base);
}

void tell_day(Prose& prose) {
  CounterRandom& random = prose.random();
  const Person& person = draw_from(random, people());
  const auto visits = draw_distinct(random, places(), 3);
  const auto deeds = draw_distinct(random, jobs(), 3);
  constexpr std::string_view kTimes[] = {"in the morning", "at noon", "in the evening"};
  const Slots base = with(slots_of(person), {{"day", draw_from(random, weekdays())}});
  prose.say({"This is what {name} did on {day}.", "{name} was busy on {day}.", "On {day} {name} helped three people."},
            base);
  for (size_t i = 0; i < 3; ++i) {
    prose.say({"{time} {he} was {where} with the {job}.", "{time} {he} helped the {job} {where}.",
               "{time} {he} met the {job} {where}."},
              with(base, {{"time", kTimes[i]}, {"where", visits[i].where}, {"job", deeds[i].name}}));
  }
  const auto asked = draw_distinct(random, std::vector<size_t>{0, 1, 2}, 2);
  for (size_t i : asked) {
    prose.say({"Where was {name} {time}? {name} was {where}.", "Who was with {name} {time}? It was the {job}.",
               "When was {name} {where}? {name} was there {time}."},
              with(base, {{"time", kTimes[i]}, {"where", visits[i].where}, {"job", deeds[i].name}}));
  }
}

void tell_letter(Prose& prose) {
  CounterRandom& random = prose.random();
  const auto pair = draw_distinct(random, people(), 2);
  const Place& place = draw_from(random, places());
  const Season& season = draw_from(random, seasons());
  const Thing& gift = draw_from(random, things());
  const Animal& animal = draw_from(random, animals());
  const Slots base = with(slots_of(pair[0]), {{"friend", pair[1].name},
                                              {"where", place.where},
                                              {"season", season.name},
                                              {"weather", season.weather},
                                              {"doing", season.doing},
                                              {"gift", gift.name},
                                              {"colour", draw_from(random, colours())},
                                              {"use", gift.use},
                                              {"animal", animal.name},
                                              {"sound", animal.sound},
                                              {"day", draw_from(random, weekdays())}});
  prose.say({"Dear {friend},"}, base);
  prose.new_line();
  prose.say({"It is {season} here, and the days are {weather}.", "I am writing to you {where}."}, base);
  prose.say(
      {"We {doing} every day.", "Every {day} we {doing}.", "Yesterday I saw {a:animal}. It {sound} all day long."},
      base);
  prose.say({"I have a {colour} {gift} for you {use}.", "Thank you for the {colour} {gift}. I use it {use}.",
             "Please bring the {colour} {gift} when you come."},
            base);
  prose.say({"Come and see me on {day}.", "Write soon.", "I will wait for you {where} on {day}."}, base);
  prose.new_line();
  prose.say({"Your friend {name}", "With love, {name}", "Yours, {name}"}, base);
}

}  // namespace cambium::data
