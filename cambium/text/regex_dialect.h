#pragma once

#include <string>
#include <string_view>

namespace cambium::text {

/// Rewrites a pattern in the regex dialect of tokenizer.json (Oniguruma's, as the Hugging Face library uses it) into
/// one that PCRE2 reads the same way: \s, \d, \w and \p{..} mean the classes of Unicode 16, braces and escapes that the
/// two read differently are written out. Throws InvalidInput, naming `what` and the construct, for anything whose
/// meaning could differ (\b, \h, set operations, named groups, ...).
std::string to_pcre2(std::string_view pattern, std::string_view what);

}  // namespace cambium::text
