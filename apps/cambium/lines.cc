#include "apps/cambium/lines.h"

#include <cstdio>

#include "cambium/base/error.h"
#include "cambium/formats/json.h"

std::string text_of_line(const std::string& line, const std::string& key, const std::string& place) {
  const cambium::formats::Json object = cambium::formats::parse_json(line, place);
  const auto text = object.is_object() ? object.find(key) : object.end();
  if (text == object.end() || !text->is_string()) {
    cambium::bad_input("{}: expected an object with the text under the key `{}`", place, key);
  }
  return text->get<std::string>();
}

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    cambium::fail("writing to standard output failed");
  }
}

std::string shown(const std::filesystem::path& path) { return path == "-" ? "standard input" : path.string(); }
