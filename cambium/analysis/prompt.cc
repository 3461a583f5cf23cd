#include "cambium/analysis/prompt.h"

#include <algorithm>

#include "cambium/base/error.h"
#include "cambium/base/hash.h"
#include "cambium/base/random.h"
#include "cambium/formats/json.h"
#include "cambium/formats/streams.h"

namespace cambium::analysis {
namespace {

using formats::Json;

constexpr int64_t kFirstCut = 8, kCutStep = 8, kLastTokens = 4;
constexpr size_t kMostCuts = 4;

/// The list under a key, which holds at least one.
std::vector<int64_t> integers(const Json& line, const char* key, int64_t low, int64_t high, const std::string& what) {
  std::vector<int64_t> values = formats::JsonView(line, what).integers(key, low, high);
  if (values.empty()) {
    bad_input("{}: key `{}`: expected at least one integer, found an empty list", what, key);
  }
  return values;
}

std::vector<int32_t> ids_of(const Json& line, const text::Tokenizer* tokenizer, int64_t vocab_size,
                            const std::string& what) {
  const bool has_text = line.is_object() && line.contains("text"), has_ids = line.is_object() && line.contains("ids");
  if (has_text == has_ids) {
    bad_input("{}: expected an object with either `text` or `ids`", what);
  }
  if (has_ids) {
    const std::vector<int64_t> ids = integers(line, "ids", 0, vocab_size - 1, what);
    return {ids.begin(), ids.end()};
  }
  const std::string text = formats::JsonView(line, what).string("text");
  if (tokenizer == nullptr) {
    bad_input("{}: text needs a tokenizer, but the model's directory holds no tokenizer.json", what);
  }
  std::vector<int32_t> ids = tokenizer->encode(text);
  if (ids.empty()) {
    bad_input("{}: `text`: expected at least one token, found none", what);
  }
  if (const int32_t most = *std::max_element(ids.begin(), ids.end()); most >= vocab_size) {
    bad_input("{}: the tokenizer gives id {}, but the model's vocabulary is {}", what, most, vocab_size);
  }
  return ids;
}

std::string group_of(const Json& line, const std::string& what) {
  if (!line.contains("group") || line["group"].is_null()) {
    return "";
  }
  const Json& group = line["group"];
  if (!group.is_string() && !group.is_number_integer()) {
    bad_input("{}: `group`: expected text or an integer, found {}", what, group.type_name());
  }
  return group.is_string() ? group.get<std::string>() : group.dump();
}

void add_hash(PromptSet& set) {
  std::string all;
  for (const Prompt& prompt : set.prompts) {
    all += format("{} {} {}\n", prompt.ids, prompt.cuts, prompt.group);
  }
  set.hash = hash_hex(all);
}

}  // namespace

int64_t PromptSet::tokens() const {
  int64_t sum = 0;
  for (const Prompt& prompt : prompts) {
    sum += static_cast<int64_t>(prompt.ids.size());
  }
  return sum;
}

int64_t PromptSet::targets() const { return tokens() - static_cast<int64_t>(prompts.size()); }

std::vector<int64_t> draw_cuts(int64_t tokens, uint64_t seed, size_t prompt) {
  std::vector<int64_t> cuts;
  for (int64_t cut = kFirstCut; cut < tokens - kLastTokens; cut += kCutStep) {
    cuts.push_back(cut);
  }
  CounterRandom random(seed, format("analysis.cuts.{}", prompt));
  const size_t taken = std::min(kMostCuts, cuts.size());
  for (size_t i = 0; i < taken; ++i) {
    std::swap(cuts[i], cuts[i + random.below(cuts.size() - i)]);
  }
  cuts.resize(taken);
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

PromptSet read_prompts(const std::filesystem::path& file, const text::Tokenizer* tokenizer, int64_t vocab_size,
                       uint64_t seed) {
  PromptSet set{.prompts = {}, .source = file.string(), .hash = {}};
  formats::LineReader lines(formats::open_input(file), file.string());
  for (std::string line; lines.next(line);) {
    const std::string what = format("{}: line {}", file.string(), lines.line_number());
    const Json json = formats::parse_json(line, what);
    Prompt prompt{.ids = ids_of(json, tokenizer, vocab_size, what), .cuts = {}, .group = group_of(json, what)};
    const auto tokens = static_cast<int64_t>(prompt.ids.size());
    prompt.cuts = json.contains("cuts") ? integers(json, "cuts", 1, tokens - 1, what)
                                        : draw_cuts(tokens, seed, set.prompts.size());
    std::sort(prompt.cuts.begin(), prompt.cuts.end());
    prompt.cuts.erase(std::unique(prompt.cuts.begin(), prompt.cuts.end()), prompt.cuts.end());
    set.prompts.push_back(std::move(prompt));
  }
  if (set.prompts.empty()) {
    bad_input("{}: empty: expected at least one line", file.string());
  }
  add_hash(set);
  return set;
}

PromptSet built_in_prompts(const text::Tokenizer& tokenizer, int64_t vocab_size, uint64_t seed) {
  constexpr const char* kTexts[] = {
      "The mill stood where two streams met. In spring the water was loud and the wheel turned all night, and the "
      "miller "
      "slept badly. In summer the streams were thin, the wheel stood still, and the miller slept badly again, because "
      "nobody brought him corn.",
      "To measure how tall a tree is, wait until your own shadow is as long as you are tall. Then the shadow of the "
      "tree "
      "is as long as the tree is tall, and you can pace it out on the ground.",
      "Question: Anna buys 3 boxes with 12 pencils each and gives 7 pencils away. How many pencils does she keep?\n"
      "Answer: 3 boxes hold 3 * 12 = 36 pencils. 36 - 7 = 29. She keeps 29 pencils.",
      "a = 4\nb = 9\nc = a\nd = b\ne = c\nThe value of e is 4. The value of d is 9. The value of c is 4.",
      "def largest(numbers):\n    best = numbers[0]\n    for number in numbers:\n        if number > best:\n           "
      " best = "
      "number\n    return best\n",
      "river stone lamp garden violin paper mountain clock bridge window river stone lamp garden violin paper mountain "
      "clock bridge window",
      "Bread needs flour, water, salt and time. Mix the flour with the water and wait for an hour before the salt goes "
      "in. Fold the dough three times, let it rest in a cold place over night, and bake it in a hot oven until the "
      "crust "
      "sounds hollow.",
      "When the letter came, Tom read it twice and gave it to Maria. Maria read it once and laughed. \"Your uncle,\" "
      "she "
      "said, \"has sold the boat again, and again to the same man.\" Tom asked her who had the boat now.",
      "Copper carries heat and electric current well because some of its electrons are not bound to single atoms. "
      "Glass "
      "holds its electrons tightly, so that it carries neither well, but it lets light pass.",
      "The capital of the first country lies on the coast; the capital of the second lies in the hills. Ships "
      "therefore "
      "reach the capital of the first country, and only roads reach the capital of the second.",
  };
  PromptSet set{.prompts = {}, .source = "built-in: ten short English texts", .hash = {}};
  for (const char* text : kTexts) {
    const std::string what = format("built-in prompt {}", set.prompts.size() + 1);
    Prompt prompt{.ids = ids_of(Json{{"text", text}}, &tokenizer, vocab_size, what), .cuts = {}, .group = ""};
    prompt.cuts = draw_cuts(static_cast<int64_t>(prompt.ids.size()), seed, set.prompts.size());
    set.prompts.push_back(std::move(prompt));
  }
  add_hash(set);
  return set;
}

}  // namespace cambium::analysis
