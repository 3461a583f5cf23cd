#pragma once

#include <filesystem>
#include <string>
#include <string_view>

/// The text under `key` of a line of JSON. Throws InvalidInput that names the place.
std::string text_of_line(const std::string& line, const std::string& key, const std::string& place);

/// To standard output; throws Error where that fails.
void print(std::string_view text);

/// A file's name in messages.
std::string shown(const std::filesystem::path& path);
