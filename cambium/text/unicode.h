#pragma once

#include <string>
#include <string_view>

namespace cambium::text {

// Character classes fixed to one Unicode version, whatever the installed regex library knows: a tokenizer must cut the
// same text the same way on every machine.

/// General category N (Nd, Nl, No), Unicode 17.
bool is_numeric(char32_t code_point);
/// Property White_Space.
bool is_white_space(char32_t code_point);
/// The ranges of a general category ("L", "Lu", ...) that Unicode assigned after version 14 (up to 16), written as the
/// inside of a PCRE2 character class: "\x{1c89}-\x{1c8a}...". PCRE2 10.40, the oldest that we build with, knows 14.
std::string newer_than_unicode_14(std::string_view category);

}  // namespace cambium::text
