#include "cambium/text/bpe_model.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <queue>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/text/byte_alphabet.h"

namespace cambium::text {
namespace {

/// Up to here looking at all pairs for each merge beats keeping a queue of them.
constexpr size_t kShortWord = 40;
constexpr int32_t kNoMerge = INT32_MAX;

using Vocab = std::unordered_map<std::string_view, int32_t>;

int32_t id_of(const Vocab& vocab, const std::string& token, const TokenizerSpec& spec, size_t merge) {
  const auto found = vocab.find(token);
  if (found == vocab.end()) {
    bad_input("{}: `model.merges`[{}]: the vocabulary has no token \"{}\"", spec.what, merge, token);
  }
  return found->second;
}

}  // namespace

BpeModel::BpeModel(const TokenizerSpec& spec) : merges_(spec.merges.size()) {
  const Vocab vocab(spec.vocab.begin(), spec.vocab.end());
  id_of_byte_.fill(-1);
  for (int byte = 0; byte < 256; ++byte) {
    const char as_char = static_cast<char>(byte);
    const auto found = vocab.find(to_byte_alphabet({&as_char, 1}));
    if (found != vocab.end()) {
      id_of_byte_[static_cast<size_t>(byte)] = found->second;
    }
  }
  for (size_t i = 0; i < spec.merges.size(); ++i) {
    const auto& [left, right] = spec.merges[i];
    const int32_t left_id = id_of(vocab, left, spec, i);
    const int32_t right_id = id_of(vocab, right, spec, i);
    merges_.set(left_id, right_id, {static_cast<int32_t>(i), id_of(vocab, left + right, spec, i)});
  }
  if (spec.ignore_merges) {
    for (const auto& [token, id] : spec.vocab) {
      if (std::optional<std::string> bytes = from_byte_alphabet(token)) {
        whole_words_.emplace(std::move(*bytes), id);
      }
    }
  }
}

void BpeModel::encode(std::string_view word, std::vector<int32_t>& append_to) const {
  if (!whole_words_.empty()) {
    const auto whole = whole_words_.find(std::string(word));
    if (whole != whole_words_.end()) {
      append_to.push_back(whole->second);
      return;
    }
  }
  std::array<int32_t, kShortWord> few;
  std::vector<int32_t> many(word.size() > kShortWord ? word.size() : 0);
  int32_t* const symbols = many.empty() ? few.data() : many.data();
  size_t size = 0;
  for (const char byte : word) {
    const int32_t id = id_of_byte_[static_cast<unsigned char>(byte)];
    if (id >= 0) {
      symbols[size++] = id;
    }
  }
  if (many.empty()) {
    merge_short({symbols, size}, append_to);
  } else {
    many.resize(size);
    merge_long(std::move(many), append_to);
  }
}

void BpeModel::merge_short(std::span<int32_t> symbols, std::vector<int32_t>& append_to) const {
  std::array<PairTable::Merge, kShortWord> pairs;  // pairs[i]: of symbols i and i + 1
  const auto look_up = [&](size_t i) {
    pairs[i] = merges_.get(symbols[i], symbols[i + 1]);
    if (pairs[i].rank < 0) {
      pairs[i].rank = kNoMerge;
    }
  };
  size_t size = symbols.size();
  for (size_t i = 0; i + 1 < size; ++i) {
    look_up(i);
  }
  while (size > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < size; ++i) {
      best = pairs[i].rank < pairs[best].rank ? i : best;
    }
    if (pairs[best].rank == kNoMerge) {
      break;
    }
    symbols[best] = pairs[best].id;
    std::copy(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 2,
              symbols.begin() + static_cast<std::ptrdiff_t>(size),
              symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    std::copy(pairs.begin() + static_cast<std::ptrdiff_t>(best) + 1,
              pairs.begin() + static_cast<std::ptrdiff_t>(size) - 1, pairs.begin() + static_cast<std::ptrdiff_t>(best));
    --size;
    if (best > 0) {
      look_up(best - 1);
    }
    if (best + 1 < size) {
      look_up(best);
    }
  }
  append_to.insert(append_to.end(), symbols.begin(), symbols.begin() + static_cast<std::ptrdiff_t>(size));
}

void BpeModel::merge_long(std::vector<int32_t> symbols, std::vector<int32_t>& append_to) const {
  constexpr int32_t kGone = -1;
  const size_t size = symbols.size();
  if (size >= UINT32_MAX) {
    fail("a word of {} bytes without a place to cut it is too long to encode", size);
  }
  const auto end = static_cast<uint32_t>(size);
  std::vector<uint32_t> next(size);
  std::vector<uint32_t> previous(size);
  // Rank in the upper half, place in the lower: the smallest entry is the strongest merge, leftmost among equals.
  std::priority_queue<uint64_t, std::vector<uint64_t>, std::greater<>> queue;
  const auto push = [&](uint32_t at) {
    const PairTable::Merge merge = merges_.get(symbols[at], symbols[next[at]]);
    if (merge.rank >= 0) {
      queue.push((static_cast<uint64_t>(merge.rank) << 32) | at);
    }
  };
  for (uint32_t i = 0; i < end; ++i) {
    next[i] = i + 1;
    previous[i] = i == 0 ? end : i - 1;
  }
  for (uint32_t i = 0; i + 1 < end; ++i) {
    push(i);
  }
  while (!queue.empty()) {
    const auto at = static_cast<uint32_t>(queue.top());
    const auto rank = static_cast<int32_t>(queue.top() >> 32);
    queue.pop();
    const uint32_t right = symbols[at] == kGone ? end : next[at];
    if (right == end) {
      continue;
    }
    const PairTable::Merge merge = merges_.get(symbols[at], symbols[right]);
    if (merge.rank != rank) {
      continue;  // the pair that this entry was about is gone
    }
    symbols[at] = merge.id;
    symbols[right] = kGone;
    next[at] = next[right];
    if (next[at] != end) {
      previous[next[at]] = at;
      push(at);
    }
    if (previous[at] != end) {
      push(previous[at]);
    }
  }
  for (const int32_t symbol : symbols) {
    if (symbol != kGone) {
      append_to.push_back(symbol);
    }
  }
}

}  // namespace cambium::text
