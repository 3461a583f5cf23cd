#include "cambium/data/synth/draw.h"
#include "cambium/data/synth/lexicon.h"
#include "cambium/data/synth/world.h"

namespace cambium::data {
namespace {

std::string counted(int count, std::string_view one, std::string_view many) {
  return number_word(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace

void tell_counting(Prose& prose) {
  CounterRandom& random = prose.random();
  const auto cast = draw_distinct(random, people(), 2);
  const Food& food = draw_from(random, foods());
  const bool of_food = random.below(2) == 0;
  const Thing& thing = draw_from(random, things());
  const std::string_view one = of_food ? food.name : thing.name, many = of_food ? food.plural : thing.plural;
  int has = draw_between(random, 1, 12);
  const auto slots = [&](int change) {
    return Slots{
        {"name", std::string(cast[0].name)},    {"he", std::string(cast[0].he)},  {"him", std::string(cast[0].him)},
        {"friend", std::string(cast[1].name)},  {"has", counted(has, one, many)}, {"n", number_word(has)},
        {"change", counted(change, one, many)}, {"c", number_word(change)},       {"many", std::string(many)}};
  };
  prose.say({"{name} has {has}.", "At first {name} has {has}.", "There are {has} on the table of {name}."}, slots(0));
  const int events = draw_between(random, 1, 3);
  for (int i = 0; i < events; ++i) {
    const bool gain = has < 2 || random.below(2) == 0;
    const int change = gain ? draw_between(random, 1, 9) : draw_between(random, 1, has - 1);
    const int before = has;
    if (gain) {
      prose.say({"{friend} gives {him} {change}.", "{he} buys {change} more.", "Then {he} finds {change}."},
                slots(change));
    } else {
      prose.say({"{he} gives {change} to {friend}.", "{he} loses {change}.", "Then {he} sells {change}."},
                slots(change));
    }
    has = gain ? has + change : has - change;
    Slots after = slots(change);
    after.emplace_back("before", number_word(before));
    after.emplace_back("sign", gain ? "plus" : "minus");
    prose.say({"Now {name} has {has}.", "{before} {sign} {c} is {n}, so {name} has {has}.",
               "How many {many} does {name} have now? {name} has {has}."},
              after);
  }
}

void tell_shopping(Prose& prose) {
  CounterRandom& random = prose.random();
  const Person& person = draw_from(random, people());
  const auto goods = draw_distinct(random, foods(), 2);
  int total = 0;
  std::string sum;
  prose.say(
      {"{name} went to the market.", "On market day {name} bought food.", "{name} needed food and took some coins."},
      {{"name", std::string(person.name)}});
  for (size_t i = 0; i < goods.size(); ++i) {
    const int price = draw_between(random, 1, 9), count = draw_between(random, 1, 9);
    total += price * count;
    sum += (i == 0 ? "" : " plus ") + number_word(price * count);
    const Slots slots{{"he", std::string(person.he)},
                      {"food", std::string(goods[i].name)},
                      {"bought", counted(count, goods[i].name, goods[i].plural)},
                      {"price", counted(price, "coin", "coins")},
                      {"count", number_word(count)},
                      {"each", number_word(price)},
                      {"cost", counted(price * count, "coin", "coins")},
                      {"product", number_word(price * count)}};
    prose.say({"{a:food} costs {price}.", "The price of {a:food} is {price}."}, slots);
    prose.say({"{he} bought {bought} for {cost}.", "{he} took {bought}, and {count} times {each} is {product}."},
              slots);
  }
  prose.say({"How much did {name} pay? {sum} is {total}, so {he} paid {coins}.", "{sum} is {total}.",
             "In all {he} paid {coins}."},
            {{"name", std::string(person.name)},
             {"he", std::string(person.he)},
             {"sum", sum},
             {"total", number_word(total)},
             {"coins", counted(total, "coin", "coins")}});
}

void tell_sharing(Prose& prose) {
  CounterRandom& random = prose.random();
  const int parts = draw_between(random, 2, 6), each = draw_between(random, 1, 9);
  const auto cast = draw_distinct(random, people(), parts);
  const Food& food = draw_from(random, foods());
  std::string everyone;
  for (int i = 0; i < parts; ++i) {
    everyone += i == 0 ? "" : i + 1 == parts ? " and " : ", ";
    everyone += cast[static_cast<size_t>(i)].name;
  }
  const Slots slots{{"everyone", everyone},
                    {"first", std::string(cast[0].name)},
                    {"all", counted(parts * each, food.name, food.plural)},
                    {"total", number_word(parts * each)},
                    {"parts", number_word(parts)},
                    {"each", number_word(each)},
                    {"share", counted(each, food.name, food.plural)}};
  prose.say({"{everyone} have {all}.", "{everyone} find {all} under a tree.", "{first} brings {all} for {everyone}."},
            slots);
  prose.say({"They share them equally.", "Everyone gets the same number.", "They make equal parts."}, slots);
  prose.say({"{total} shared by {parts} is {each}.", "There are {parts} of them, so each gets {share}."}, slots);
  prose.say({"{first} gets {share}.", "How many does {first} get? {first} gets {share}."}, slots);
}

void tell_sequence(Prose& prose) {
  CounterRandom& random = prose.random();
  const int step = draw_between(random, 1, 5), start = draw_between(random, 0, 40), count = draw_between(random, 5, 9);
  const bool down = random.below(3) == 0;
  std::string list;
  for (int i = 0; i < count; ++i) list += (i == 0 ? "" : ", ") + number_word(start + step * (down ? count - 1 - i : i));
  prose.say({"{way} {first}, in steps of {step}: {list}."},
            {{"way", down ? "Counting down from" : "Counting from"},
             {"first", number_word(down ? start + step * (count - 1) : start)},
             {"step", number_word(step)},
             {"list", list}});
  const size_t day = random.below(7);
  prose.say({"After {day} comes {next}.", "The day before {next} is {day}.", "If today is {day}, tomorrow is {next}."},
            {{"day", std::string(weekdays()[day])}, {"next", std::string(weekdays()[(day + 1) % 7])}});
}

}  // namespace cambium::data
