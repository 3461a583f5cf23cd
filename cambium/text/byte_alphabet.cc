#include "cambium/text/byte_alphabet.h"

#include <array>

#include "cambium/text/utf8.h"

namespace cambium::text {
namespace {

constexpr bool stands_for_itself(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr char32_t kFirstSubstitute = 0x100;
constexpr int kNumSubstitutes = 68;

struct Tables {
  std::array<char32_t, 256> of_byte{};
  std::array<uint8_t, kNumSubstitutes> of_substitute{};
};

constexpr Tables make_tables() {
  Tables tables;
  int substitutes = 0;
  for (int byte = 0; byte < 256; ++byte) {
    if (stands_for_itself(byte)) {
      tables.of_byte[static_cast<size_t>(byte)] = static_cast<char32_t>(byte);
    } else {
      tables.of_substitute[static_cast<size_t>(substitutes)] = static_cast<uint8_t>(byte);
      tables.of_byte[static_cast<size_t>(byte)] = kFirstSubstitute + static_cast<char32_t>(substitutes++);
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

char32_t character_of_byte(uint8_t byte) { return kTables.of_byte[byte]; }

std::optional<uint8_t> byte_of_character(char32_t character) {
  if (character < kFirstSubstitute) {
    return stands_for_itself(static_cast<int>(character)) ? std::optional(static_cast<uint8_t>(character))
                                                          : std::nullopt;
  }
  const char32_t substitute = character - kFirstSubstitute;
  return substitute < kNumSubstitutes ? std::optional(kTables.of_substitute[substitute]) : std::nullopt;
}

std::string to_byte_alphabet(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    append_utf8(character_of_byte(static_cast<uint8_t>(byte)), out);
  }
  return out;
}

std::optional<std::string> from_byte_alphabet(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const std::optional<uint8_t> byte = byte_of_character(next_code_point(text, at));
    if (!byte) {
      return std::nullopt;
    }
    out.push_back(static_cast<char>(*byte));
  }
  return out;
}

}  // namespace cambium::text
