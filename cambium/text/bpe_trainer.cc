#include "cambium/text/bpe_trainer.h"

#include <algorithm>
#include <array>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "cambium/base/error.h"
#include "cambium/text/byte_alphabet.h"

namespace cambium::text {
namespace {

constexpr int32_t kNumBytes = 256;

struct Pair {
  int32_t left;
  int32_t right;
  bool operator==(const Pair&) const = default;
  auto operator<=>(const Pair&) const = default;
};

struct PairHash {
  size_t operator()(const Pair& pair) const {
    const auto key =
        (static_cast<uint64_t>(static_cast<uint32_t>(pair.left)) << 32) | static_cast<uint32_t>(pair.right);
    return (key * 0x9E3779B97F4A7C15U) >> 7;
  }
};

/// How often a pair stands in the text, and the words that may hold it.
struct Occurrences {
  int64_t count = 0;
  std::vector<uint32_t> words;
};

struct Candidate {
  int64_t count;
  Pair pair;
  /// For a heap whose top is the most frequent pair, the smaller one among equals.
  bool operator<(const Candidate& other) const {
    return count != other.count ? count < other.count : other.pair < pair;
  }
};

class Trainer {
 public:
  Trainer(const WordCounter::Counts& words, const BpeTraining& training) : training_(training) {
    add_special_tokens();
    add_alphabet();
    add_words(words);
    for (const auto& [pair, occurrences] : pairs_) {
      candidates_.push({occurrences.count, pair});
    }
  }

  TrainedBpe run(const std::function<void(int64_t)>& on_progress) {
    while (num_entries() < training_.vocab_size) {
      const Pair pair = best_pair();
      merge(pair, id_of_merge(pair));
      if (on_progress) {
        on_progress(num_entries());
      }
    }
    trained_.special_tokens = training_.special_tokens;
    return std::move(trained_);
  }

 private:
  struct Word {
    size_t begin;  ///< in symbols_
    uint32_t size;
    int64_t count;
  };

  int32_t first_byte() const { return static_cast<int32_t>(training_.special_tokens.size()); }
  int64_t num_entries() const { return first_byte() + static_cast<int64_t>(trained_.tokens.size()); }
  const std::string& token(int32_t id) const {
    return id < first_byte() ? training_.special_tokens[static_cast<size_t>(id)]
                             : trained_.tokens[static_cast<size_t>(id - first_byte())];
  }

  void add_special_tokens() {
    for (size_t i = 0; i < training_.special_tokens.size(); ++i) {
      const std::string& special = training_.special_tokens[i];
      if (special.empty() || !ids_.emplace(special, static_cast<int32_t>(i)).second) {
        throw InvalidArgument(format("the special token \"{}\" is empty or given twice", special));
      }
    }
  }

  /// The bytes in the order of their characters, as Hugging Face's trainer sorts them.
  void add_alphabet() {
    std::array<int, kNumBytes> bytes{};
    for (int byte = 0; byte < kNumBytes; ++byte) {
      bytes[static_cast<size_t>(byte)] = byte;
    }
    std::ranges::sort(bytes, {}, [](int byte) { return character_of_byte(static_cast<uint8_t>(byte)); });
    for (const int byte : bytes) {
      id_of_byte_[static_cast<size_t>(byte)] = static_cast<int32_t>(num_entries());
      add_token(to_byte_alphabet(std::string(1, static_cast<char>(byte))));
    }
  }

  int32_t add_token(std::string token) {
    const auto id = static_cast<int32_t>(num_entries());
    if (!ids_.emplace(token, id).second) {
      throw InvalidArgument(format("the special token \"{}\" is a byte of the alphabet", token));
    }
    trained_.tokens.push_back(std::move(token));
    return id;
  }

  void add_words(const WordCounter::Counts& counts) {
    if (counts.size() >= UINT32_MAX) {
      fail("{} distinct words are too many to train on", counts.size());
    }
    words_.reserve(counts.size());
    for (const auto& [text, count] : counts) {
      const auto index = static_cast<uint32_t>(words_.size());
      words_.push_back({symbols_.size(), static_cast<uint32_t>(text.size()), count});
      for (const char byte : text) {
        symbols_.push_back(id_of_byte_[static_cast<unsigned char>(byte)]);
      }
      for (size_t i = words_.back().begin; i + 1 < symbols_.size(); ++i) {
        change({symbols_[i], symbols_[i + 1]}, count, index);
      }
    }
  }

  /// Counts a pair of a word up (the word is noted, the pair too) or down.
  void change(Pair pair, int64_t by, uint32_t word) {
    Occurrences& occurrences = pairs_[pair];
    occurrences.count += by;
    if (by > 0 && (occurrences.words.empty() || occurrences.words.back() != word)) {
      occurrences.words.push_back(word);
    }
  }

  Pair best_pair() {
    while (!candidates_.empty()) {
      const Candidate top = candidates_.top();
      candidates_.pop();
      const auto found = pairs_.find(top.pair);
      const int64_t count = found == pairs_.end() ? 0 : found->second.count;
      if (count == top.count) {
        return top.pair;
      }
      if (count > 0 && count < top.count) {  // where it grew, a newer candidate says so
        candidates_.push({count, top.pair});
      }
    }
    bad_input("the text is too small for {} entries: its words give {} at most (special tokens, bytes and merges)",
              training_.vocab_size, num_entries());
  }

  /// The token that a merge gives: a new one, or the one that another pair gave before ("aa" + "a" after "a" + "aa").
  int32_t id_of_merge(Pair pair) {
    std::string merged = token(pair.left) + token(pair.right);
    const auto known = ids_.find(merged);
    const int32_t id = known == ids_.end() ? add_token(std::move(merged)) : known->second;
    if (merged_pairs_.insert(pair).second) {  // a pair may come up again from such a token, its merge stands already
      trained_.merges.emplace_back(token(pair.left), token(pair.right));
    }
    return id;
  }

  void merge(Pair pair, int32_t merged) {
    const auto found = pairs_.find(pair);
    const std::vector<uint32_t> words = std::move(found->second.words);
    pairs_.erase(found);
    touched_.clear();
    for (const uint32_t word : words) {
      merge_in_word(pair, merged, word);
    }
    pairs_.erase(pair);  // where its own tokens overlapped ("aaa")
    std::ranges::sort(touched_);
    touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
    for (const Pair& neighbour : touched_) {
      const auto grown = pairs_.find(neighbour);
      if (grown != pairs_.end() && grown->second.count > 0) {
        candidates_.push({grown->second.count, neighbour});
      }
    }
  }

  void merge_in_word(Pair pair, int32_t merged, uint32_t index) {
    Word& word = words_[index];
    int32_t* const symbols = symbols_.data() + word.begin;
    const auto add = [&](Pair neighbour) {
      change(neighbour, word.count, index);
      touched_.push_back(neighbour);
    };
    uint32_t size = 0;
    for (uint32_t i = 0; i < word.size; ++i) {
      if (i + 1 == word.size || symbols[i] != pair.left || symbols[i + 1] != pair.right) {
        symbols[size++] = symbols[i];
        continue;
      }
      if (size > 0) {
        change({symbols[size - 1], pair.left}, -word.count, index);
        add({symbols[size - 1], merged});
      }
      if (i + 2 < word.size) {
        change({pair.right, symbols[i + 2]}, -word.count, index);
        add({merged, symbols[i + 2]});
      }
      symbols[size++] = merged;
      ++i;
    }
    word.size = size;
  }

  const BpeTraining& training_;
  TrainedBpe trained_;
  std::array<int32_t, kNumBytes> id_of_byte_{};
  std::unordered_map<std::string, int32_t> ids_;
  std::vector<int32_t> symbols_;  ///< all words, one behind the other; merged words shrink in place
  std::vector<Word> words_;
  std::unordered_map<Pair, Occurrences, PairHash> pairs_;
  std::unordered_set<Pair, PairHash> merged_pairs_;
  std::priority_queue<Candidate> candidates_;
  std::vector<Pair> touched_;  ///< pairs that the merge at hand made more frequent
};

}  // namespace

TrainedBpe train_bpe(const WordCounter::Counts& words, const BpeTraining& training,
                     const std::function<void(int64_t entries)>& on_progress) {
  const auto smallest = kNumBytes + static_cast<int64_t>(training.special_tokens.size());
  if (training.vocab_size < smallest) {
    throw InvalidArgument(format("a vocabulary of {} entries is too small: {} special tokens and {} bytes need {}",
                                 training.vocab_size, training.special_tokens.size(), kNumBytes, smallest));
  }
  return Trainer(words, training).run(on_progress);
}

}  // namespace cambium::text
