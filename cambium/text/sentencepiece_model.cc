#include "cambium/text/sentencepiece_model.h"

#include <cstdint>

#include "cambium/base/error.h"

namespace cambium::text {
namespace {

// Numbers of fields in the library's sentencepiece_model.proto.
constexpr uint64_t kNormalizerSpec = 3;
constexpr uint64_t kName = 1, kCharsMap = 2, kAddDummyPrefix = 3, kRemoveExtra = 4, kEscape = 5;

/// Walks through the fields of a message in protocol buffers' wire format.
class Fields {
 public:
  Fields(std::string_view message, std::string_view what, size_t base = 0)
      : message_(message), what_(what), base_(base) {}

  struct Field {
    uint64_t number;
    uint64_t value;          ///< of numbers
    std::string_view bytes;  ///< of strings and messages
    size_t begin;            ///< of `bytes` in the file
  };

  bool next(Field& field) {
    if (at_ == message_.size()) {
      return false;
    }
    const uint64_t tag = varint();
    field = {tag >> 3, 0, {}, 0};
    switch (tag & 7) {
      case 0:
        field.value = varint();
        break;
      case 1:
        skip(8);
        break;
      case 2: {
        const uint64_t size = varint();
        field.begin = base_ + at_;
        field.bytes = message_.substr(at_, size);
        skip(size);
        break;
      }
      case 5:
        skip(4);
        break;
      default:
        refuse();
    }
    return true;
  }

 private:
  [[noreturn]] void refuse() const {
    bad_input("{}: byte {}: not a SentencePiece model: expected a field of a message", what_, base_ + at_);
  }

  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == message_.size()) {
        refuse();
      }
      const auto byte = static_cast<unsigned char>(message_[at_++]);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) {
        return value;
      }
    }
    refuse();
  }

  void skip(uint64_t bytes) {
    if (bytes > message_.size() - at_) {
      refuse();
    }
    at_ += bytes;
  }

  std::string_view message_, what_;
  size_t base_;
  size_t at_ = 0;
};

}  // namespace

SentencePieceNormalizer read_normalizer(std::string_view model, std::string_view what) {
  SentencePieceNormalizer normalizer;
  Fields::Field part{};
  for (Fields parts(model, what); parts.next(part);) {
    if (part.number != kNormalizerSpec) {
      continue;
    }
    Fields::Field setting{};
    for (Fields settings(part.bytes, what, part.begin); settings.next(setting);) {
      switch (setting.number) {
        case kName:
          normalizer.name = setting.bytes;
          break;
        case kCharsMap:
          normalizer.changes_characters = !setting.bytes.empty();
          break;
        case kAddDummyPrefix:
          normalizer.adds_space = setting.value != 0;
          break;
        case kRemoveExtra:
          normalizer.removes_extra_spaces = setting.value != 0;
          break;
        case kEscape:
          normalizer.writes_spaces_as_pieces = setting.value != 0;
          break;
        default:
          break;
      }
    }
  }
  return normalizer;
}

std::string without_added_space(std::string_view model) {
  // A message that comes twice is merged, the later values winning: one more normalizer_spec with nothing but this.
  return std::string(model) + std::string("\x1A\x02\x18\x00", 4);
}

}  // namespace cambium::text
