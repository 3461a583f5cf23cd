#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cambium::text {

/// Remembers the ids of short words; forgets all of them when it is full. For one thread at a time.
class WordCache {
 public:
  WordCache();
  /// The ids of a word, valid until the next `insert`; nothing where it is not known.
  std::optional<std::span<const int32_t>> find(std::string_view word);
  /// Remembers a word that the last `find` did not know.
  void insert(std::string_view word, std::span<const int32_t> ids);

 private:
  struct Slot {
    uint64_t hash = 0;
    uint32_t word_begin = 0;
    uint32_t word_size = 0;  ///< 0: free
    uint32_t ids_begin = 0;
    uint32_t ids_size = 0;
  };

  void clear();

  std::vector<Slot> slots_;
  size_t used_ = 0;
  std::string words_;
  std::vector<int32_t> ids_;
  uint64_t last_hash_ = 0;
  size_t last_slot_ = 0;
};

}  // namespace cambium::text
