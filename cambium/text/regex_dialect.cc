#include "cambium/text/regex_dialect.h"

#include <algorithm>
#include <array>

#include "cambium/base/error.h"
#include "cambium/text/unicode.h"

namespace cambium::text {
namespace {

constexpr std::string_view kWhiteSpace =
    R"(\x{9}-\x{d} \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
/// White_Space characters are all that \s of PCRE2 matches but this one.
constexpr std::string_view kMongolianVowelSeparator = R"(\x{180e})";
/// Symbols that are alphabetic (Other_Alphabetic outside of the marks): circled and squared letters.
constexpr std::string_view kAlphabeticSymbols =
    R"(\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189})";

constexpr std::array<std::string_view, 31> kCategories = {
    "L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N",  "Nd", "Nl", "No", "P", "Pc",
    "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z",  "Zs", "Zl", "Zp"};

std::string category(std::string_view name) { return format("\\p{{{}}}", name) + newer_than_unicode_14(name); }

std::string word() {
  return category("L") + category("M") + category("Nd") + category("Nl") + category("Pc") +
         std::string(kAlphabeticSymbols);
}

class Translator {
 public:
  Translator(std::string_view pattern, std::string_view what) : pattern_(pattern), what_(what) {}

  std::string run() {
    while (!done()) {
      const char c = peek();
      if (c == '\\') {
        escape(false);
      } else if (c == '[') {
        character_class();
      } else if (c == '(') {
        group();
      } else if (c == '{') {
        interval();
      } else {
        out_.push_back(take());
      }
    }
    return std::move(out_);
  }

 private:
  bool done() const { return at_ == pattern_.size(); }
  char peek() const { return pattern_[at_]; }
  bool looking_at(std::string_view text) const { return pattern_.substr(at_).starts_with(text); }
  char take() {
    if (done()) {
      refuse("a pattern that ends too early", at_);
    }
    return pattern_[at_++];
  }

  [[noreturn]] void refuse(std::string_view construct, size_t place) const {
    bad_input("{}: regex `{}`: {} at byte {} is not supported", what_, pattern_, construct, place);
  }

  void emit_set(const std::string& inside, bool negated, bool in_class) {
    const bool range_ends_here =
        out_.ends_with('-') && !out_.ends_with("[-") && !out_.ends_with("[^-") && !out_.ends_with("\\-");
    const bool range_begins_here = looking_at("-") && !looking_at("-]");
    if (in_class && (range_begins_here || range_ends_here)) {
      refuse("a range that begins or ends with a class", at_);
    }
    out_ += in_class ? inside : format("[{}{}]", negated ? "^" : "", inside);
  }

  void escape(bool in_class) {
    const size_t begin = at_;
    take();
    const char c = take();
    const std::string name = {'\\', c};
    switch (c) {
      case 'n':
      case 'r':
      case 't':
      case 'f':
        out_ += name;
        return;
      case 's':
        return emit_set(std::string(kWhiteSpace), false, in_class);
      case 'S':
        return in_class ? emit_set("\\S" + std::string(kMongolianVowelSeparator), false, true)
                        : emit_set(std::string(kWhiteSpace), true, false);
      case 'd':
        return emit_set(category("Nd"), false, in_class);
      case 'w':
        return emit_set(word(), false, in_class);
      case 'D':
      case 'W':
        if (in_class) {
          refuse(name + " inside a class", begin);
        }
        return emit_set(c == 'D' ? category("Nd") : word(), true, false);
      case 'p':
      case 'P':
        return property(c == 'P', in_class, begin);
      case 'x':
      case 'u':
        return hex(c == 'u' ? 4 : 2, begin);
      default:
        break;
    }
    const bool punctuation = static_cast<unsigned char>(c) < 0x80 && c > ' ' && c != 0x7F && !is_word(c);
    if (!punctuation && c != ' ') {
      refuse(name, begin);
    }
    out_ += name;
  }

  void property(bool negated, bool in_class, size_t begin) {
    if (take() != '{') {
      refuse("a property without braces", begin);
    }
    if (!done() && peek() == '^') {
      take();
      negated = !negated;
    }
    std::string name;
    while (!done() && peek() != '}') {
      name.push_back(take());
    }
    take();
    if (std::ranges::find(kCategories, name) == kCategories.end()) {
      refuse(format("\\p{{{}}}", name), begin);
    }
    if (negated && in_class) {
      refuse(format("a negated \\p{{{}}} inside a class", name), begin);
    }
    emit_set(category(name), negated, in_class);
  }

  void hex(size_t digits, size_t begin) {
    std::string value;
    const bool braces = digits == 2 && !done() && peek() == '{';
    if (braces) {
      take();
    }
    while (!done() && value.size() < (braces ? 6 : digits) && std::isxdigit(static_cast<unsigned char>(peek())) != 0) {
      value.push_back(take());
    }
    if (value.empty() || (!braces && value.size() != digits) || (braces && take() != '}')) {
      refuse("a character number of this form", begin);
    }
    out_ += format("\\x{{{}}}", value);
  }

  void character_class() {
    const size_t begin = at_;
    out_.push_back(take());
    if (!done() && peek() == '^') {
      out_.push_back(take());
    }
    if (!done() && peek() == ']') {
      refuse("an empty class", begin);
    }
    while (true) {
      if (done()) {
        refuse("a class without its end", begin);
      }
      if (peek() == ']') {
        out_.push_back(take());
        return;
      }
      if (peek() == '[') {
        refuse("a class inside a class", at_);
      }
      if (looking_at("&&")) {
        refuse("the set operation &&", at_);
      }
      if (peek() == '\\') {
        escape(true);
      } else {
        out_.push_back(take());
      }
    }
  }

  void group() {
    constexpr std::array<std::string_view, 8> kGroups = {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?-i:"};
    if (looking_at("(?") || looking_at("(*")) {
      const auto* const known = std::ranges::find_if(kGroups, [&](std::string_view g) { return looking_at(g); });
      if (known == kGroups.end()) {
        refuse(format("`{}`", pattern_.substr(at_, 4)), at_);
      }
      out_ += *known;
      at_ += known->size();
      return;
    }
    out_.push_back(take());
  }

  /// {n}, {n,}, {n,m} mean the same in both; {,m} and a possessive `+` behind the braces do not.
  void interval() {
    const size_t begin = at_;
    out_.push_back(take());
    const size_t close = pattern_.find('}', at_);
    const std::string_view inside = close == std::string_view::npos ? "" : pattern_.substr(at_, close - at_);
    const size_t comma = inside.find(',');
    const auto number = [](std::string_view text) {
      return text.size() <= 4 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    };
    if (!number(inside.substr(0, comma)) || inside.empty() || inside[0] == ',' ||
        (comma != std::string_view::npos && !number(inside.substr(comma + 1)))) {
      refuse("a brace that is no {n}, {n,} or {n,m}", begin);
    }
    out_ += inside;
    out_.push_back('}');
    at_ = close + 1;
    if (!done() && (peek() == '+' || (peek() == '?' && comma == std::string_view::npos))) {
      refuse("a second quantifier behind braces", at_);
    }
  }

  static bool is_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  }

  std::string_view pattern_;
  std::string_view what_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string to_pcre2(std::string_view pattern, std::string_view what) { return Translator(pattern, what).run(); }

}  // namespace cambium::text
