#include "cambium/text/utf8.h"

#include <algorithm>

#include "cambium/base/text.h"

namespace cambium::text {
namespace {

/// Bytes of the longest prefix of `bytes` (not valid UTF-8 at its start) that could begin a sequence; at least 1.
size_t invalid_part(std::string_view bytes) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = byte(0);
  size_t length = 1;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    low = lead == 0xE0 ? 0xA0 : low;
    high = lead == 0xED ? 0x9F : high;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    low = lead == 0xF0 ? 0x90 : low;
    high = lead == 0xF4 ? 0x8F : high;
  }
  size_t part = 1;
  while (part < std::min(length, bytes.size()) && byte(part) >= low && byte(part) <= high) {
    ++part;
    low = 0x80;
    high = 0xBF;
  }
  return part;
}

}  // namespace

void require_utf8(std::string_view text, int64_t base) {
  const size_t invalid = find_invalid_utf8(text);
  if (invalid != std::string_view::npos) {
    throw InvalidUtf8(base + static_cast<int64_t>(invalid));
  }
}

std::string replace_invalid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (true) {
    const size_t valid = find_invalid_utf8(bytes);
    out.append(bytes.substr(0, valid));
    if (valid == std::string_view::npos) {
      return out;
    }
    bytes.remove_prefix(valid);
    bytes.remove_prefix(invalid_part(bytes));
    append_utf8(0xFFFD, out);
  }
}

}  // namespace cambium::text
