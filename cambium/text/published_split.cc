#include "cambium/text/published_split.h"

#include "cambium/text/character_classes.h"
#include "cambium/text/tokenizer_spec.h"
#include "cambium/text/utf8.h"

namespace cambium::text {
namespace {

using Class = CharacterClass;

/// One character of a text and where it ends.
struct Character {
  char32_t code_point;
  Class kind;
  size_t end;
};

Character character_at(std::string_view text, size_t at) {
  const char32_t code_point = next_code_point(text, at);
  return {code_point, CharacterClasses::of(code_point), at};
}

/// The end of the run of characters of `kind` that begins at `at`; `at` itself where there is none.
size_t end_of_run(std::string_view text, size_t at, Class kind) {
  while (at < text.size()) {
    const Character next = character_at(text, at);
    if (next.kind != kind) {
      break;
    }
    at = next.end;
  }
  return at;
}

bool is_line_break(char32_t code_point) { return code_point == '\n' || code_point == '\r'; }

/// The end of 's, 't, 're, 've, 'm, 'll or 'd at `at`, where an apostrophe stands; `at` where there is none. Without
/// regard to case also U+017F counts as an s.
size_t end_of_contraction(std::string_view text, size_t at, bool any_case) {
  const auto lower = [&](size_t i) {
    const char c = i < text.size() ? text[i] : '\0';
    return any_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  const char first = lower(at + 1);
  const char second = lower(at + 2);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') {
    return at + 2;
  }
  if (((first == 'r' || first == 'v') && second == 'e') || (first == 'l' && second == 'l')) {
    return at + 3;
  }
  constexpr std::string_view kLongS = "\u017F";
  return any_case && text.substr(at + 1).starts_with(kLongS) ? at + 1 + kLongS.size() : at;
}

/// \s+(?!\S)|\s+ at white space: the run, but its last character where more text follows and that is not all of it.
size_t end_of_space(std::string_view text, size_t at) {
  const size_t end = end_of_run(text, at, Class::kSpace);
  if (end == text.size()) {
    return end;
  }
  size_t last = end;
  previous_code_point(text, last);
  return last > at ? last : end;
}

/// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
size_t next_of_gpt2(std::string_view text, size_t at) {
  Character first = character_at(text, at);
  if (first.code_point == '\'') {
    if (const size_t end = end_of_contraction(text, at, /*any_case=*/false); end > at) {
      return end;
    }
  }
  if (first.code_point == ' ' && first.end < text.size()) {
    const Character second = character_at(text, first.end);
    if (second.kind != Class::kSpace) {
      first = second;
    }
  }
  return first.kind == Class::kSpace ? end_of_space(text, at) : end_of_run(text, first.end, first.kind);
}

/// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
size_t next_of_llama3(std::string_view text, size_t at) {
  const Character first = character_at(text, at);
  if (first.code_point == '\'') {
    if (const size_t end = end_of_contraction(text, at, /*any_case=*/true); end > at) {
      return end;
    }
  }
  if (first.kind == Class::kLetter) {
    return end_of_run(text, first.end, Class::kLetter);
  }
  if (first.kind == Class::kNumber) {
    size_t end = first.end;
    for (int more = 0; more < 2 && end < text.size(); ++more) {
      const Character next = character_at(text, end);
      if (next.kind != Class::kNumber) {
        break;
      }
      end = next.end;
    }
    return end;
  }
  if (!is_line_break(first.code_point)) {
    if (const size_t end = end_of_run(text, first.end, Class::kLetter); end > first.end) {
      return end;
    }
  }
  const size_t symbols = first.code_point == ' ' ? first.end : at;
  if (size_t end = end_of_run(text, symbols, Class::kOther); end > symbols) {
    while (end < text.size() && is_line_break(static_cast<unsigned char>(text[end]))) {
      ++end;
    }
    return end;
  }
  const size_t end = end_of_run(text, at, Class::kSpace);
  const size_t line_break = text.substr(at, end - at).find_last_of("\r\n");
  return line_break == std::string_view::npos ? end_of_space(text, at) : at + line_break + 1;
}

template <size_t (*Next)(std::string_view, size_t)>
void split_by(std::string_view text, const PublishedSplit::Emit& emit) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = Next(text, at);
    emit(text.substr(at, end - at));
    at = end;
  }
}

}  // namespace

std::optional<PublishedSplit> PublishedSplit::of(std::string_view pattern) {
  if (pattern == kGpt2Pattern) {
    return PublishedSplit(split_by<next_of_gpt2>);
  }
  if (pattern == kLlama3Pattern) {
    return PublishedSplit(split_by<next_of_llama3>);
  }
  return std::nullopt;
}

}  // namespace cambium::text
