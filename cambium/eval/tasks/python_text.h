#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cambium::eval {

// What Python's string methods do, on valid UTF-8: upstream's prompts and metrics are defined by them.

std::string_view right_stripped(std::string_view text);
std::string_view left_stripped(std::string_view text);
std::string_view stripped(std::string_view text);
/// Words between white space.
std::vector<std::string> split_words(std::string_view text);
std::string lowered(std::string_view text);
/// The first character upper case, the others lower.
std::string capitalized(std::string_view text);
/// Characters, not bytes.
int64_t length(std::string_view text);
std::string replaced(std::string_view text, std::string_view from, std::string_view to);
/// Without ASCII punctuation.
std::string without_punctuation(std::string_view text);
/// What `float(text)` takes, and its value.
bool is_number(std::string_view text, double* value = nullptr);
/// `repr` of a float: the shortest digits that read back the same, with ".0" behind whole numbers.
std::string number_text(double value);

}  // namespace cambium::eval
