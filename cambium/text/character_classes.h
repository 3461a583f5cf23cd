#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace cambium::text {

/// What the published patterns ask of a character.
enum class CharacterClass : uint8_t { kOther, kLetter, kNumber, kSpace };

/// \p{L}, \p{N} and \s of `to_pcre2`'s dialect as a table, so that hand-written splitters see the very classes that the
/// regexes see. The table is made by those regexes, 256 characters at a time, when a text first has one of them.
class CharacterClasses {
 public:
  static CharacterClass of(char32_t code_point) {
    const std::atomic<const Block*>& slot = blocks()[code_point / kBlockSize];
    const Block* block = slot.load(std::memory_order_acquire);
    if (block == nullptr) [[unlikely]] {
      block = make(code_point / kBlockSize);
    }
    return (*block)[code_point % kBlockSize];
  }

 private:
  static constexpr char32_t kBlockSize = 256;
  using Block = std::array<CharacterClass, kBlockSize>;
  using Blocks = std::array<std::atomic<const Block*>, 0x110000 / kBlockSize>;
  static Blocks& blocks() {
    static Blocks all{};  // constant-initialised; what it comes to hold lives as long as the program
    return all;
  }
  static const Block* make(char32_t index);
};

}  // namespace cambium::text
