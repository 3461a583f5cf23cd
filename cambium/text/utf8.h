#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cambium/base/error.h"

namespace cambium::text {

/// Text that was to be UTF-8 is not.
class InvalidUtf8 : public InvalidInput {
 public:
  explicit InvalidUtf8(int64_t offset)
      : InvalidInput(format("invalid UTF-8 at byte {} of the text", offset)), offset_(offset) {}
  int64_t offset() const { return offset_; }  ///< the first byte that is wrong

 private:
  int64_t offset_;
};

/// Throws InvalidUtf8 for the first byte that is not valid; offsets count from `base`.
void require_utf8(std::string_view text, int64_t base = 0);

/// The code point at `text[at]`; `at` moves behind it. The text must be valid UTF-8.
inline char32_t next_code_point(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
  const char32_t lead = byte(at);
  if (lead < 0x80) {
    at += 1;
    return lead;
  }
  if (lead < 0xE0) {
    at += 2;
    return ((lead & 0x1F) << 6) | (byte(at - 1) & 0x3F);
  }
  if (lead < 0xF0) {
    at += 3;
    return ((lead & 0x0F) << 12) | ((byte(at - 2) & 0x3F) << 6) | (byte(at - 1) & 0x3F);
  }
  at += 4;
  return ((lead & 0x07) << 18) | ((byte(at - 3) & 0x3F) << 12) | ((byte(at - 2) & 0x3F) << 6) | (byte(at - 1) & 0x3F);
}

/// The code point that ends right before `end` (> 0); `end` moves to its first byte. The text must be valid UTF-8.
inline char32_t previous_code_point(std::string_view text, size_t& end) {
  do {
    --end;
  } while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
  size_t at = end;
  return next_code_point(text, at);
}

inline void append_utf8(char32_t code_point, std::string& out) {
  const auto push = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    push(code_point);
  } else if (code_point < 0x800) {
    push(0xC0 | (code_point >> 6));
    push(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    push(0xE0 | (code_point >> 12));
    push(0x80 | ((code_point >> 6) & 0x3F));
    push(0x80 | (code_point & 0x3F));
  } else {
    push(0xF0 | (code_point >> 18));
    push(0x80 | ((code_point >> 12) & 0x3F));
    push(0x80 | ((code_point >> 6) & 0x3F));
    push(0x80 | (code_point & 0x3F));
  }
}

/// The text with every byte that is not part of valid UTF-8 replaced: one U+FFFD a maximal invalid part, as Unicode
/// recommends.
std::string replace_invalid_utf8(std::string_view bytes);

}  // namespace cambium::text
