#include "cambium/text/character_classes.h"

#include <memory>
#include <string>

#include "cambium/text/regex.h"
#include "cambium/text/utf8.h"

namespace cambium::text {
namespace {

struct ClassRegexes {
  Regex letter{R"(\p{L})", "letters"};
  Regex number{R"(\p{N})", "numbers"};
  Regex space{R"(\s)", "white space"};
};

}  // namespace

const CharacterClasses::Block* CharacterClasses::make(char32_t index) {
  static const ClassRegexes regexes;
  RegexScratch scratch;
  auto block = std::make_unique<Block>();
  for (char32_t i = 0; i < kBlockSize; ++i) {
    const char32_t code_point = index * kBlockSize + i;
    if (code_point >= 0xD800 && code_point < 0xE000) {
      continue;  // surrogates do not come in valid UTF-8
    }
    std::string character;
    append_utf8(code_point, character);
    const auto is = [&](const Regex& regex) { return regex.search(character, 0, scratch).has_value(); };
    (*block)[i] = is(regexes.letter)   ? CharacterClass::kLetter
                  : is(regexes.number) ? CharacterClass::kNumber
                  : is(regexes.space)  ? CharacterClass::kSpace
                                       : CharacterClass::kOther;
  }
  const Block* expected = nullptr;
  if (blocks()[index].compare_exchange_strong(expected, block.get(), std::memory_order_acq_rel)) {
    return block.release();
  }
  return expected;  // another thread was first
}

}  // namespace cambium::text
