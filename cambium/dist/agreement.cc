#include "cambium/dist/agreement.h"

#include <algorithm>
#include <cstdint>

#include "cambium/base/error.h"

namespace cambium::dist {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string quoted(const std::vector<std::string>& lines, size_t i) {
  return i < lines.size() ? format("`{}`", lines[i]) : std::string("nothing more");
}

std::string in_section(const std::vector<std::string>& lines, size_t i) {
  for (size_t line = std::min(i, lines.size()); line-- > 0;) {
    if (lines[line].starts_with('[')) {
      return " in " + lines[line];
    }
  }
  return "";
}

void put(std::string& text, const std::string& part) { text += format("{}:{}", part.size(), part); }

std::string take(std::string_view& text) {
  const size_t colon = text.find(':');
  const size_t size = std::stoul(std::string(text.substr(0, colon)));
  std::string part(text.substr(colon + 1, size));
  text.remove_prefix(colon + 1 + size);
  return part;
}

}  // namespace

std::string pack(const std::vector<Fact>& facts) {
  std::string text;
  for (const Fact& fact : facts) {
    put(text, fact.name);
    put(text, fact.value);
  }
  return text;
}

std::vector<Fact> unpack(const std::string& text) {
  std::vector<Fact> facts;
  for (std::string_view left = text; !left.empty();) {
    std::string name = take(left);
    facts.push_back({std::move(name), take(left)});
  }
  return facts;
}

std::string difference(const std::vector<Fact>& facts, const std::vector<Fact>& of_rank_0) {
  for (size_t i = 0; i < std::max(facts.size(), of_rank_0.size()); ++i) {
    if (i >= facts.size() || i >= of_rank_0.size() || facts[i].name != of_rank_0[i].name) {
      return "is at another point of the program";
    }
    if (facts[i].value == of_rank_0[i].value) {
      continue;
    }
    const std::vector<std::string> mine = lines_of(facts[i].value), first = lines_of(of_rank_0[i].value);
    size_t line = 0;
    while (line < mine.size() && line < first.size() && mine[line] == first[line]) {
      ++line;
    }
    return format("has another {}: {} where rank 0 has {}{}", facts[i].name, quoted(mine, line), quoted(first, line),
                  in_section(first, line));
  }
  return "";
}

}  // namespace cambium::dist
