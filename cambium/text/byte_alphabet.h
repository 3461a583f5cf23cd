#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cambium::text {

/// Byte-level tokenizers write each byte as one printable character (Radford et al. 2019, GPT-2): the printable bytes
/// of Latin-1 stand for themselves, the other 68 for U+0100, U+0101, ... in order; so " the" is written "Ġthe".
char32_t character_of_byte(uint8_t byte);
std::optional<uint8_t> byte_of_character(char32_t character);

/// Bytes to their characters, as UTF-8.
std::string to_byte_alphabet(std::string_view bytes);
/// Back to bytes; nothing where the text (valid UTF-8) holds a character outside the alphabet.
std::optional<std::string> from_byte_alphabet(std::string_view text);

}  // namespace cambium::text
