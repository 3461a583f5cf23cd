#include "apps/cambium/token_colors.h"

#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "cambium/base/text.h"

namespace {

constexpr const char* kColors[] = {"\033[36m", "\033[33m"};
constexpr const char* kReverse = "\033[7m";
constexpr const char* kPlain = "\033[0m";

}  // namespace

bool output_takes_colors() {
  const char* refused = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) == 1 && (refused == nullptr || *refused == '\0');
}

std::string colored(const cambium::text::Tokenizer& tokenizer, std::span<const int32_t> ids, int32_t end_of_text) {
  std::string text, before;
  size_t turn = 0;
  // What a token adds to the text can depend on those before it (SentencePiece's first space), so each is decoded with
  // all of them.
  std::vector<int32_t> so_far;
  for (const int32_t id : ids) {
    so_far.push_back(id);
    const std::string now = tokenizer.decode(so_far);
    const bool extends = now.size() >= before.size() && now.compare(0, before.size(), before) == 0;
    if (!extends || cambium::find_invalid_utf8(now) != std::string::npos) {
      if (so_far.size() < ids.size()) continue;  // in the middle of a character: it goes with the next token
    }
    text += id == end_of_text ? kReverse : kColors[turn++ % 2];
    text += extends ? now.substr(before.size()) : now;
    text += kPlain;
    before = now;
  }
  return text;
}
