#include "cambium/model/config/layer_order.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

#include "cambium/base/error.h"

namespace cambium::model {
namespace {

constexpr size_t kMostPlaces = 1 << 16;

/// Takes a number off the front of the text.
std::optional<int> take_number(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < 0 || text.front() == '-') return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, char mark) {
  if (!text.starts_with(mark)) return false;
  text.remove_prefix(1);
  return true;
}

struct Piece {
  int first, last;  ///< both belong to it
  int times;
};

/// "4", "0-3", "4-7x2", "7-4".
std::optional<Piece> parse_piece(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const std::optional<int> first = take_number(text);
  if (!first) return std::nullopt;
  Piece piece{*first, *first, 1};
  if (take(text, '-')) {
    const std::optional<int> last = text.empty() ? std::nullopt : take_number(text);
    if (!last) return std::nullopt;
    piece.last = *last;
  }
  if (take(text, 'x')) {
    const std::optional<int> times = text.empty() ? std::nullopt : take_number(text);
    if (!times || *times < 1) return std::nullopt;
    piece.times = *times;
  }
  return text.empty() ? std::optional(piece) : std::nullopt;
}

}  // namespace

std::vector<int> plain_order(int64_t layers) {
  std::vector<int> order(static_cast<size_t>(layers));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

std::vector<int> layer_order(const ModelConfig& config) {
  const Loop loop = config.loop.value_or(Loop{});
  std::vector<int> order;
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    order.push_back(static_cast<int>(layer));
    if (layer + 1 != loop.last) continue;
    for (int64_t again = 1; again < loop.times; ++again) {
      for (int64_t looped = loop.first; looped < loop.last; ++looped) order.push_back(static_cast<int>(looped));
    }
  }
  return order;
}

std::vector<int> parse_layer_order(std::string_view text, int64_t layers) {
  std::vector<int> order;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    std::string_view word = text.substr(begin, end - begin);
    begin = end + 1;
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    const std::optional<Piece> piece = parse_piece(word);
    if (!piece) {
      bad_input("layer order `{}`: expected layers and ranges such as 0-3,4-7x2,8, found `{}`", text, word);
    }
    if (std::max(piece->first, piece->last) >= layers) {
      bad_input("layer order `{}`: expected layers 0 to {}, found `{}`", text, layers - 1, word);
    }
    const int step = piece->first <= piece->last ? 1 : -1;
    for (int time = 0; time < piece->times; ++time) {
      for (int layer = piece->first;; layer += step) {
        order.push_back(layer);
        if (layer == piece->last) break;
        if (order.size() > kMostPlaces) bad_input("layer order `{}`: more than {} places", text, kMostPlaces);
      }
    }
  }
  return order;
}

}  // namespace cambium::model
