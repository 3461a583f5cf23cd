#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cambium::data {

/// The words of the built-in corpus. Tables, so that what can be said is seen at a glance.

struct Person {
  std::string_view name, he, him, his;
};
struct Place {
  std::string_view name;   ///< "kitchen"
  std::string_view where;  ///< "in the kitchen"
  std::string_view kind;   ///< "home", "town" or "country"
};
struct Thing {
  std::string_view name, plural;
  std::string_view material;  ///< what it is made of
  std::string_view use;       ///< "to cut bread"
};
struct Food {
  std::string_view name, plural;
  std::string_view kind;  ///< "fruit", "vegetable" or "food from the oven"
  std::string_view taste;
};
struct Animal {
  std::string_view name, plural;
  std::string_view home, food, sound;
  std::string_view young;
  int size;  ///< ascending from mouse to whale
  int legs;
};
struct Job {
  std::string_view name, place;
  std::string_view does;  ///< "bakes bread"
  std::string_view past;  ///< "baked bread"
  std::string_view tool;
};
struct Pair {
  std::string_view first, second;
};
struct Season {
  std::string_view name, weather, land, doing;
};

std::span<const Person> people();
std::span<const Place> places();
std::span<const Thing> things();
std::span<const Food> foods();
std::span<const Animal> animals();
std::span<const Job> jobs();
std::span<const Season> seasons();
std::span<const Pair> opposites();
std::span<const Pair> capitals();  ///< made-up lands and their towns
std::span<const std::string_view> colours();
std::span<const std::string_view> looks();  ///< "old", "small"
std::span<const std::string_view> moods();
std::span<const std::string_view> went();  ///< "walked", "hurried"
std::span<const std::string_view> weekdays();

/// Every single plain word of the tables, for copying.
const std::vector<std::string>& plain_words();
/// "zero" to "nine hundred and ninety-nine".
std::string number_word(int number);
/// "a" or "an" in front of the word.
std::string with_article(std::string_view word);
/// The text with each person's name replaced by the order in which it appears.
std::string without_names(std::string_view text);

}  // namespace cambium::data
