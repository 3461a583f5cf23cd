#include "cambium/text/word_cache.h"

#include <algorithm>

#include "cambium/base/hash.h"

namespace cambium::text {
namespace {

constexpr size_t kSlots = size_t{1} << 16;
constexpr size_t kMaxWords = kSlots / 2;
constexpr size_t kLongestWord = 64;  // longer ones hardly ever come again

}  // namespace

WordCache::WordCache() : slots_(kSlots) {}

std::optional<std::span<const int32_t>> WordCache::find(std::string_view word) {
  if (word.size() > kLongestWord) {
    return std::nullopt;
  }
  last_hash_ = hash64(word);
  last_slot_ = last_hash_ % kSlots;
  for (; slots_[last_slot_].word_size != 0; last_slot_ = (last_slot_ + 1) % kSlots) {
    const Slot& slot = slots_[last_slot_];
    if (slot.hash == last_hash_ && word == std::string_view(words_).substr(slot.word_begin, slot.word_size)) {
      return std::span(ids_).subspan(slot.ids_begin, slot.ids_size);
    }
  }
  return std::nullopt;
}

void WordCache::insert(std::string_view word, std::span<const int32_t> ids) {
  if (word.empty() || word.size() > kLongestWord) {
    return;
  }
  if (used_ == kMaxWords) {
    clear();
    last_slot_ = last_hash_ % kSlots;
  }
  slots_[last_slot_] = {last_hash_, static_cast<uint32_t>(words_.size()), static_cast<uint32_t>(word.size()),
                        static_cast<uint32_t>(ids_.size()), static_cast<uint32_t>(ids.size())};
  words_ += word;
  ids_.insert(ids_.end(), ids.begin(), ids.end());
  ++used_;
}

void WordCache::clear() {
  std::ranges::fill(slots_, Slot{});
  words_.clear();
  ids_.clear();
  used_ = 0;
}

}  // namespace cambium::text
