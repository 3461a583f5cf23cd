#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cambium {

/// Index of the first byte that is not valid UTF-8 (overlong forms and surrogates are not), or npos.
size_t find_invalid_utf8(std::string_view text);

/// The entry of `known` with the smallest edit distance to `word`, or "" where none is near (more than a third off).
std::string nearest(std::string_view word, const std::vector<std::string>& known);

/// "; did you mean `entry`?" with that entry, to stand behind an unknown word; "" where none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

/// "a, b, c".
std::string join(const std::vector<std::string>& parts, std::string_view separator);

}  // namespace cambium
