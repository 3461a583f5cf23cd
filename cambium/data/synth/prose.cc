#include "cambium/data/synth/prose.h"

#include <algorithm>
#include <cctype>

#include "cambium/base/error.h"
#include "cambium/data/synth/lexicon.h"

namespace cambium::data {

std::string fill(std::string_view pattern, const Slots& slots) {
  std::string text;
  while (true) {
    const size_t open = pattern.find('{');
    text += pattern.substr(0, open);
    if (open == std::string_view::npos) return text;
    const size_t close = pattern.find('}', open);
    std::string_view key = pattern.substr(open + 1, close - open - 1);
    const bool article = key.starts_with("a:");
    if (article) key.remove_prefix(2);
    const auto slot = std::find_if(slots.begin(), slots.end(), [&](const auto& s) { return s.first == key; });
    if (close == std::string_view::npos || slot == slots.end())
      fail("internal: no value for {{{}}} in \"{}\"", key, pattern);
    text += article ? with_article(slot->second) : slot->second;
    pattern.remove_prefix(close + 1);
  }
}

void Prose::say(std::initializer_list<std::string_view> wordings, const Slots& slots) {
  std::string sentence = fill(std::data(wordings)[random_.below(wordings.size())], slots);
  bool begins = true;  // a sentence, here or behind ". ", "? ", "! "
  for (size_t i = 0; i < sentence.size(); ++i) {
    const auto c = static_cast<unsigned char>(sentence[i]);
    if (begins && std::isalpha(c)) {
      sentence[i] = static_cast<char>(std::toupper(c));
      begins = false;
    } else if (c == ' ' && i > 0 && (sentence[i - 1] == '.' || sentence[i - 1] == '?' || sentence[i - 1] == '!')) {
      begins = true;
    }
  }
  text_ += separator_;
  text_ += sentence;
  separator_ = " ";
}

}  // namespace cambium::data
