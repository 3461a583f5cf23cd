#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cambium::text {

/// What one thread needs while it matches; reusable, not to be shared at the same time.
class RegexScratch {
 public:
  RegexScratch();
  ~RegexScratch();
  RegexScratch(const RegexScratch&) = delete;
  RegexScratch& operator=(const RegexScratch&) = delete;

 private:
  friend class Regex;
  struct State;
  std::unique_ptr<State> state_;
};

/// A compiled regular expression over valid UTF-8, in the dialect of `to_pcre2`. Immutable; safe to share.
class Regex {
 public:
  struct Match {
    size_t begin;
    size_t end;
  };

  /// Throws InvalidInput, naming `what` and the byte of the pattern, where it does not compile.
  Regex(std::string_view pattern, std::string_view what);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  /// The first match at or behind byte `from` of `text`; look-behind sees the bytes before it.
  std::optional<Match> search(std::string_view text, size_t from, RegexScratch& scratch) const;

 private:
  struct Code;
  std::unique_ptr<Code> code_;
};

/// Goes through the matches of `regex` in `text` from left to right, as Hugging Face's library does: an empty match
/// right behind the last match does not count.
template <typename OnMatch>
void for_each_match(const Regex& regex, std::string_view text, RegexScratch& scratch, OnMatch&& on_match) {
  size_t from = 0;
  std::optional<size_t> last_end;
  while (from <= text.size()) {
    const std::optional<Regex::Match> match = regex.search(text, from, scratch);
    if (!match) {
      return;
    }
    from = match->end;
    if (match->begin == match->end) {  // step over the next character, whole
      do {
        ++from;
      } while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0) == 0x80);
      if (last_end == match->end) {
        continue;
      }
    }
    last_end = match->end;
    on_match(match->begin, match->end);
  }
}

}  // namespace cambium::text
