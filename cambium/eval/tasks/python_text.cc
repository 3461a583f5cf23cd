#include "cambium/eval/tasks/python_text.h"

#include <charconv>
#include <clocale>
#include <cmath>
#include <cstdlib>
#include <cwctype>
#include <memory>

#include "cambium/base/format.h"
#include "cambium/text/unicode.h"
#include "cambium/text/utf8.h"

namespace cambium::eval {
namespace {

bool is_space(char32_t c) { return (c >= 0x1C && c <= 0x1F) || text::is_white_space(c); }

bool is_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

/// Case mappings of Unicode, whatever the user's locale is.
locale_t unicode_locale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

char32_t lower(char32_t c) {
  if (c < 0x80) {
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
  }
  return unicode_locale() == nullptr ? c : static_cast<char32_t>(towlower_l(static_cast<wint_t>(c), unicode_locale()));
}

char32_t upper(char32_t c) {
  if (c < 0x80) {
    return c >= 'a' && c <= 'z' ? c - 32 : c;
  }
  return unicode_locale() == nullptr ? c : static_cast<char32_t>(towupper_l(static_cast<wint_t>(c), unicode_locale()));
}

}  // namespace

std::string_view right_stripped(std::string_view text) {
  while (!text.empty()) {
    size_t begin = text.size();
    if (!is_space(text::previous_code_point(text, begin))) {
      break;
    }
    text = text.substr(0, begin);
  }
  return text;
}

std::string_view left_stripped(std::string_view text) {
  while (!text.empty()) {
    size_t at = 0;
    if (!is_space(text::next_code_point(text, at))) {
      break;
    }
    text.remove_prefix(at);
  }
  return text;
}

std::string_view stripped(std::string_view text) { return left_stripped(right_stripped(text)); }

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  bool inside = false;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    const bool space = is_space(text::next_code_point(text, at));
    if (!space && !inside) {
      words.emplace_back();
    }
    if (!space) {
      words.back() += text.substr(begin, at - begin);
    }
    inside = !space;
  }
  return words;
}

std::string lowered(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    text::append_utf8(lower(text::next_code_point(text, at)), out);
  }
  return out;
}

std::string capitalized(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const bool first = at == 0;
    const char32_t c = text::next_code_point(text, at);
    text::append_utf8(first ? upper(c) : lower(c), out);
  }
  return out;
}

int64_t length(std::string_view text) {
  int64_t count = 0;
  for (const char c : text) {
    count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  }
  return count;
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  size_t at = 0;
  for (size_t found; !from.empty() && (found = text.find(from, at)) != std::string_view::npos;) {
    out += text.substr(at, found - at);
    out += to;
    at = found + from.size();
  }
  out += text.substr(at);
  return out;
}

std::string without_punctuation(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!is_punctuation(c)) {
      out.push_back(c);
    }
  }
  return out;
}

bool is_number(std::string_view text, double* value) {
  const std::string trimmed(stripped(text));
  // strtod also takes hexadecimal digits, and nan with a payload; float() takes neither.
  if (trimmed.empty() || trimmed.find_first_of("xX(") != std::string::npos) {
    return false;
  }
  char* end = nullptr;
  const double number = std::strtod(trimmed.c_str(), &end);
  if (end != trimmed.c_str() + trimmed.size()) {
    return false;
  }
  if (value != nullptr) {
    *value = number;
  }
  return true;
}

std::string number_text(double value) {
  if (std::isnan(value) || std::isinf(value)) {
    return std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
  }
  std::string digits = format("{}", value);
  if (digits.find_first_of(".e") == std::string::npos) {
    digits += ".0";
  }
  return digits;
}

}  // namespace cambium::eval
