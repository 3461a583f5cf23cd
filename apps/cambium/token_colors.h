#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "cambium/text/tokenizer.h"

/// Whether standard output takes colours, for `--color auto`: it is a terminal, and NO_COLOR is not set.
bool output_takes_colors();

/// The text of `ids` for a terminal: tokens in two colours by turns, `end_of_text` in reverse. Tokens that share a
/// character share a colour.
std::string colored(const cambium::text::Tokenizer& tokenizer, std::span<const int32_t> ids, int32_t end_of_text);
