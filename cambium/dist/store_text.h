#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// A store of c10d keeps bytes, and what ranks say through it is text.
namespace cambium::dist {

inline std::vector<uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }
inline std::string text_of(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace cambium::dist
