#include "cambium/data/synth/lexicon.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "cambium/base/error.h"

namespace cambium::data {
namespace {

constexpr std::string_view kShe[] = {"Anna", "Clara", "Daisy", "Edith", "Flora", "Grace", "Hazel", "Ida",
                                     "Jane", "Kate",  "Lucy",  "Mary",  "Nora",  "Olive", "Rose",  "Sarah",
                                     "Tess", "Vera",  "Wendy", "Zoe",   "Alice", "Emma",  "Ruth",  "Ella"};
constexpr std::string_view kHe[] = {"Adam", "Ben",  "Carl",   "David", "Eric", "Frank", "George", "Henry",
                                    "Ivan", "Jack", "Karl",   "Leo",   "Max",  "Oscar", "Peter",  "Ralph",
                                    "Sam",  "Tom",  "Victor", "Will",  "Hugo", "Noah",  "Paul",   "Felix"};

constexpr Place kPlaces[] = {
    {"kitchen", "in the kitchen", "home"},
    {"garden", "in the garden", "home"},
    {"attic", "in the attic", "home"},
    {"cellar", "in the cellar", "home"},
    {"hall", "in the hall", "home"},
    {"bedroom", "in the bedroom", "home"},
    {"garage", "in the garage", "home"},
    {"shed", "in the shed", "home"},
    {"school", "at the school", "town"},
    {"library", "in the library", "town"},
    {"market", "at the market", "town"},
    {"bakery", "in the bakery", "town"},
    {"station", "at the station", "town"},
    {"museum", "in the museum", "town"},
    {"park", "in the park", "town"},
    {"hospital", "in the hospital", "town"},
    {"theatre", "in the theatre", "town"},
    {"office", "in the office", "town"},
    {"harbour", "at the harbour", "town"},
    {"church", "in the church", "town"},
    {"inn", "at the inn", "town"},
    {"workshop", "in the workshop", "town"},
    {"square", "on the square", "town"},
    {"farm", "on the farm", "country"},
    {"forest", "in the forest", "country"},
    {"mill", "at the mill", "country"},
    {"barn", "in the barn", "country"},
    {"river", "by the river", "country"},
    {"hill", "on the hill", "country"},
    {"meadow", "in the meadow", "country"},
    {"beach", "on the beach", "country"},
    {"castle", "in the castle", "country"},
    {"bridge", "on the bridge", "country"},
    {"lake", "by the lake", "country"},
    {"orchard", "in the orchard", "country"},
    {"cave", "in the cave", "country"},
};

constexpr Thing kThings[] = {
    {"lamp", "lamps", "glass", "to light a room"},
    {"book", "books", "paper", "to read"},
    {"key", "keys", "iron", "to open a door"},
    {"basket", "baskets", "straw", "to carry fruit"},
    {"cup", "cups", "clay", "to drink tea"},
    {"coat", "coats", "wool", "to keep warm"},
    {"ball", "balls", "leather", "to play games"},
    {"rope", "ropes", "hemp", "to tie a boat"},
    {"map", "maps", "paper", "to find the way"},
    {"box", "boxes", "wood", "to store toys"},
    {"letter", "letters", "paper", "to send news"},
    {"clock", "clocks", "brass", "to tell the time"},
    {"knife", "knives", "steel", "to cut bread"},
    {"spoon", "spoons", "silver", "to eat soup"},
    {"ladder", "ladders", "wood", "to reach the roof"},
    {"bucket", "buckets", "tin", "to fetch water"},
    {"hat", "hats", "felt", "to cover the head"},
    {"drum", "drums", "wood", "to beat time"},
    {"kite", "kites", "silk", "to fly in the wind"},
    {"candle", "candles", "wax", "to give light"},
    {"chair", "chairs", "wood", "to sit down"},
    {"blanket", "blankets", "wool", "to sleep under"},
    {"mirror", "mirrors", "glass", "to see a face"},
    {"bottle", "bottles", "glass", "to hold milk"},
    {"coin", "coins", "copper", "to pay"},
    {"bell", "bells", "brass", "to call people"},
    {"broom", "brooms", "straw", "to sweep the floor"},
    {"umbrella", "umbrellas", "cloth", "to stay dry"},
    {"pencil", "pencils", "wood", "to draw"},
    {"wheel", "wheels", "wood", "to move a cart"},
    {"hammer", "hammers", "steel", "to drive nails"},
    {"ring", "rings", "gold", "to wear"},
    {"flute", "flutes", "silver", "to make music"},
    {"lantern", "lanterns", "tin", "to walk at night"},
    {"sack", "sacks", "cloth", "to hold grain"},
    {"needle", "needles", "steel", "to sew"},
    {"doll", "dolls", "cloth", "to play with"},
    {"saddle", "saddles", "leather", "to ride"},
    {"net", "nets", "rope", "to catch fish"},
    {"plate", "plates", "clay", "to serve food"},
};

constexpr Food kFoods[] = {
    {"apple", "apples", "fruit", "sweet"},
    {"pear", "pears", "fruit", "juicy"},
    {"plum", "plums", "fruit", "sweet"},
    {"cherry", "cherries", "fruit", "sweet"},
    {"lemon", "lemons", "fruit", "sour"},
    {"orange", "oranges", "fruit", "juicy"},
    {"peach", "peaches", "fruit", "soft"},
    {"grape", "grapes", "fruit", "sweet"},
    {"carrot", "carrots", "vegetable", "crisp"},
    {"potato", "potatoes", "vegetable", "plain"},
    {"onion", "onions", "vegetable", "sharp"},
    {"cabbage", "cabbages", "vegetable", "crisp"},
    {"turnip", "turnips", "vegetable", "plain"},
    {"bean", "beans", "vegetable", "tender"},
    {"pumpkin", "pumpkins", "vegetable", "soft"},
    {"loaf", "loaves", "food from the oven", "warm"},
    {"cake", "cakes", "food from the oven", "sweet"},
    {"bun", "buns", "food from the oven", "soft"},
    {"pie", "pies", "food from the oven", "warm"},
    {"biscuit", "biscuits", "food from the oven", "crisp"},
};

constexpr Animal kAnimals[] = {
    {"mouse", "mice", "a hole in the wall", "crumbs", "squeaks", "pup", 1, 4},
    {"frog", "frogs", "the pond", "flies", "croaks", "tadpole", 2, 4},
    {"sparrow", "sparrows", "the hedge", "seeds", "chirps", "chick", 3, 2},
    {"squirrel", "squirrels", "a tree", "nuts", "chatters", "kitten", 4, 4},
    {"owl", "owls", "a hollow tree", "mice", "hoots", "owlet", 5, 2},
    {"rabbit", "rabbits", "a burrow", "clover", "thumps", "kit", 6, 4},
    {"duck", "ducks", "the lake", "weeds", "quacks", "duckling", 7, 2},
    {"hen", "hens", "the coop", "corn", "clucks", "chick", 8, 2},
    {"cat", "cats", "the house", "fish", "meows", "kitten", 9, 4},
    {"goose", "geese", "the yard", "grass", "honks", "gosling", 10, 2},
    {"fox", "foxes", "a den", "hens", "yelps", "cub", 11, 4},
    {"dog", "dogs", "a kennel", "bones", "barks", "puppy", 12, 4},
    {"goat", "goats", "the hillside", "leaves", "bleats", "kid", 13, 4},
    {"sheep", "sheep", "the meadow", "grass", "bleats", "lamb", 14, 4},
    {"wolf", "wolves", "the forest", "deer", "howls", "cub", 15, 4},
    {"pig", "pigs", "a sty", "turnips", "grunts", "piglet", 16, 4},
    {"donkey", "donkeys", "the barn", "hay", "brays", "foal", 17, 4},
    {"lion", "lions", "the dry plain", "meat", "roars", "cub", 18, 4},
    {"bear", "bears", "a cave", "berries", "growls", "cub", 19, 4},
    {"cow", "cows", "the pasture", "grass", "moos", "calf", 20, 4},
    {"horse", "horses", "the stable", "oats", "neighs", "foal", 21, 4},
    {"elephant", "elephants", "the warm plain", "branches", "trumpets", "calf", 22, 4},
    {"whale", "whales", "the sea", "small fish", "sings", "calf", 23, 0},
};

constexpr Job kJobs[] = {
    {"baker", "bakery", "bakes bread", "baked bread", "an oven"},
    {"farmer", "farm", "grows wheat", "grew wheat", "a plough"},
    {"teacher", "school", "teaches children", "taught children", "a blackboard"},
    {"doctor", "hospital", "heals the sick", "healed the sick", "a thermometer"},
    {"fisherman", "harbour", "catches fish", "caught fish", "a net"},
    {"tailor", "workshop", "sews coats", "sewed coats", "a needle"},
    {"carpenter", "yard", "builds tables", "built tables", "a saw"},
    {"smith", "forge", "bends iron", "bent iron", "a hammer"},
    {"miller", "mill", "grinds grain", "ground grain", "a millstone"},
    {"gardener", "garden", "plants roses", "planted roses", "a spade"},
    {"painter", "studio", "paints pictures", "painted pictures", "a brush"},
    {"librarian", "library", "lends books", "lent books", "a catalogue"},
    {"sailor", "ship", "crosses the sea", "crossed the sea", "a compass"},
    {"shepherd", "meadow", "watches sheep", "watched sheep", "a staff"},
    {"cook", "kitchen", "makes soup", "made soup", "a ladle"},
    {"postman", "street", "brings letters", "brought letters", "a bag"},
    {"musician", "theatre", "plays songs", "played songs", "a violin"},
    {"potter", "pottery", "shapes clay", "shaped clay", "a turning wheel"},
    {"hunter", "forest", "follows tracks", "followed tracks", "a bow"},
    {"driver", "station", "drives the train", "drove the train", "a whistle"},
    {"mason", "tower", "lays bricks", "laid bricks", "a trowel"},
    {"judge", "court", "settles quarrels", "settled quarrels", "a book of laws"},
    {"watchmaker", "shop", "repairs clocks", "repaired clocks", "a tiny screwdriver"},
    {"beekeeper", "orchard", "gathers honey", "gathered honey", "a veil"},
};

constexpr Season kSeasons[] = {
    {"spring", "mild and wet", "green with new leaves", "sow seeds"},
    {"summer", "hot and dry", "full of flowers", "swim in the lake"},
    {"autumn", "cool and windy", "covered with brown leaves", "pick apples"},
    {"winter", "cold and dark", "white with snow", "sit by the fire"},
};

constexpr Pair kOpposites[] = {
    {"hot", "cold"},    {"big", "small"},    {"fast", "slow"},    {"high", "low"},     {"wet", "dry"},
    {"light", "dark"},  {"full", "empty"},   {"hard", "soft"},    {"loud", "quiet"},   {"rich", "poor"},
    {"early", "late"},  {"young", "old"},    {"near", "far"},     {"heavy", "light"},  {"sweet", "bitter"},
    {"strong", "weak"}, {"clean", "dirty"},  {"happy", "sad"},    {"open", "closed"},  {"deep", "shallow"},
    {"narrow", "wide"}, {"brave", "afraid"}, {"smooth", "rough"}, {"cheap", "costly"},
};

constexpr Pair kCapitals[] = {
    {"Arvenland", "Brisk"},       {"Belmoor", "Caddon"},    {"Corvania", "Lissel"},       {"Dunmark", "Harrow"},
    {"Estoria", "Velt"},          {"Fenland", "Marsh End"}, {"Galdora", "Peregrin"},      {"Hollin", "Oakham"},
    {"Istria Major", "Sandport"}, {"Juneland", "Mayfair"},  {"Kestrel Isle", "Gull Bay"}, {"Lowmark", "Dell"},
};

constexpr std::string_view kColours[] = {"red",   "blue",  "green", "yellow", "black",
                                         "white", "brown", "grey",  "pink",   "purple"};
constexpr std::string_view kLooks[] = {"old",   "new",    "small", "large", "heavy", "light",
                                       "round", "broken", "clean", "dusty", "shiny", "plain"};
constexpr std::string_view kMoods[] = {"happy",  "sad",     "tired",  "proud",    "angry",  "calm",
                                       "hungry", "curious", "afraid", "cheerful", "lonely", "surprised"};
constexpr std::string_view kWent[] = {"walked", "went", "ran",     "hurried",  "strolled",
                                      "rode",   "came", "marched", "wandered", "cycled"};
constexpr std::string_view kWeekdays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

constexpr std::string_view kOnes[] = {"zero",     "one",     "two",     "three",     "four",     "five",    "six",
                                      "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
                                      "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::string_view kTens[] = {"",      "",      "twenty",  "thirty", "forty",
                                      "fifty", "sixty", "seventy", "eighty", "ninety"};

std::vector<Person> make_people() {
  std::vector<Person> all;
  for (std::string_view name : kShe) all.push_back({name, "she", "her", "her"});
  for (std::string_view name : kHe) all.push_back({name, "he", "him", "his"});
  return all;
}

bool is_plain(std::string_view word) {
  return std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::islower(c); });
}

}  // namespace

std::span<const Person> people() {
  static const std::vector<Person> all = make_people();
  return all;
}
std::span<const Place> places() { return kPlaces; }
std::span<const Thing> things() { return kThings; }
std::span<const Food> foods() { return kFoods; }
std::span<const Animal> animals() { return kAnimals; }
std::span<const Job> jobs() { return kJobs; }
std::span<const Season> seasons() { return kSeasons; }
std::span<const Pair> opposites() { return kOpposites; }
std::span<const Pair> capitals() { return kCapitals; }
std::span<const std::string_view> colours() { return kColours; }
std::span<const std::string_view> looks() { return kLooks; }
std::span<const std::string_view> moods() { return kMoods; }
std::span<const std::string_view> went() { return kWent; }
std::span<const std::string_view> weekdays() { return kWeekdays; }

const std::vector<std::string>& plain_words() {
  static const std::vector<std::string> all = [] {
    std::set<std::string> words;
    const auto add = [&](std::string_view word) {
      if (is_plain(word)) words.emplace(word);
    };
    for (const Place& place : kPlaces) add(place.name);
    for (const Thing& thing : kThings) add(thing.name), add(thing.material);
    for (const Food& food : kFoods) add(food.name);
    for (const Animal& animal : kAnimals) add(animal.name);
    for (const Job& job : kJobs) add(job.name);
    for (const Pair& pair : kOpposites) add(pair.first), add(pair.second);
    for (std::string_view colour : kColours) add(colour);
    for (std::string_view mood : kMoods) add(mood);
    return std::vector<std::string>(words.begin(), words.end());
  }();
  return all;
}

std::string number_word(int number) {
  if (number < 0 || number > 999) throw InvalidArgument(format("{} in words: expected 0 to 999", number));
  if (number >= 100) {
    const std::string hundreds = std::string(kOnes[number / 100]) + " hundred";
    return number % 100 == 0 ? hundreds : hundreds + " and " + number_word(number % 100);
  }
  if (number < 20) return std::string(kOnes[number]);
  const std::string tens(kTens[number / 10]);
  return number % 10 == 0 ? tens : tens + "-" + std::string(kOnes[number % 10]);
}

std::string with_article(std::string_view word) {
  const bool vowel = !word.empty() && std::string_view("aeiou").find(word.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + std::string(word);
}

std::string without_names(std::string_view text) {
  static const std::set<std::string_view> names = [] {
    std::set<std::string_view> all;
    for (const Person& person : people()) all.insert(person.name);
    return all;
  }();
  std::string result;
  std::map<std::string_view, size_t> seen;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end]))) ++end;
    const std::string_view word = text.substr(i, end - i);
    if (names.contains(word)) {
      result += format("#{}", seen.emplace(word, seen.size()).first->second);
    } else {
      result += word;
    }
    if (end == i) result += text[end++];
    i = end;
  }
  return result;
}

}  // namespace cambium::data
