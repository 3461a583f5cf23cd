#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cambium/text/tokenizer.h"

/// Prints the ids of each line {"text": ...} of a file ("-": standard input) as a JSON array, in the order of the
/// lines. `threads` 0: as many as there are cores; the output does not depend on them. Throws InvalidInput that names
/// the line for a bad one, after the lines before it were printed.
void encode_lines(const cambium::text::Tokenizer& tokenizer, const std::filesystem::path& input, int threads);

/// Appends "[1,2,3]" and a line end.
void append_ids(const std::vector<int32_t>& ids, std::string& text);
