#include "cambium/base/error.h"
#include "cambium/text/encoder.h"

#ifdef CAMBIUM_HAVE_SENTENCEPIECE

#include <sentencepiece_processor.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include "cambium/text/added_tokens.h"
#include "cambium/text/scratch_pool.h"
#include "cambium/text/sentencepiece_model.h"
#include "cambium/text/word_cache.h"

namespace cambium::text {
namespace {

constexpr std::string_view kSpacePiece = "\u2581";

using Processor = sentencepiece::SentencePieceProcessor;

void load(Processor& processor, std::string_view model, std::string_view what) {
  std::string fault;
  try {
    const auto status = processor.LoadFromSerializedProto(model);
    fault = status.ok() ? "" : status.ToString();
  } catch (const std::exception& error) {  // of the library's tries
    fault = error.what();
  }
  if (!fault.empty()) {
    bad_input("{}: not a SentencePiece model: {}", what, fault);
  }
}

std::string bytes_of(const Processor& processor, int id, std::string_view what) {
  const std::string& piece = processor.IdToPiece(id);
  if (processor.IsByte(id)) {  // "<0x0A>"
    unsigned value = 0;
    const char* const digits = piece.data() + std::min<size_t>(3, piece.size());
    const char* const end = piece.data() + std::min<size_t>(5, piece.size());
    const auto parsed = std::from_chars(digits, end, value, 16);
    if (piece.size() != 6 || !piece.starts_with("<0x") || !piece.ends_with('>') || parsed.ptr != end) {
      bad_input("{}: piece {}: expected a byte, <0x00> to <0xFF>, found `{}`", what, id, piece);
    }
    return std::string(1, static_cast<char>(value));
  }
  std::string bytes;
  for (size_t at = 0; at < piece.size();) {
    const bool space = piece.compare(at, kSpacePiece.size(), kSpacePiece) == 0;
    bytes += space ? ' ' : piece[at];
    at += space ? kSpacePiece.size() : 1;
  }
  return bytes;
}

/// True where no piece holds a space behind another character: pieces then never reach over the place before a space.
bool spaces_begin_pieces(const Processor& processor) {
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    std::string_view piece = processor.IdToPiece(id);
    while (piece.starts_with(kSpacePiece)) {
      piece.remove_prefix(kSpacePiece.size());
    }
    if (piece.find(kSpacePiece) != piece.npos || piece.find(' ') != piece.npos) {
      return false;
    }
  }
  return true;
}

std::vector<AddedToken> control_tokens(const Processor& processor) {
  std::vector<AddedToken> tokens;
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    if ((processor.IsControl(id) || processor.IsUnknown(id)) && !processor.IdToPiece(id).empty()) {
      tokens.push_back({.id = id, .content = processor.IdToPiece(id), .special = true});
    }
  }
  return tokens;
}

/// What one call of `encode` works with, kept for the next call.
struct PieceScratch {
  RegexScratch regex;
  WordCache words;
  std::vector<int> ids;
};

class SentencePieceEncoder final : public Encoder {
 public:
  SentencePieceEncoder(std::string_view model, std::string_view what) : what_(what) {
    const SentencePieceNormalizer normalizer = read_normalizer(model, what);
    load(first_, model, what);
    load(later_, without_added_space(model), what);
    adds_space_ = normalizer.adds_space;
    by_words_ = !normalizer.changes_characters && !normalizer.removes_extra_spaces &&
                normalizer.writes_spaces_as_pieces && spaces_begin_pieces(first_);
    control_.emplace(control_tokens(first_));
  }

  void encode(std::string_view text, std::vector<int32_t>& append_to) const override {
    const auto scratch = scratch_.take();
    bool first = true;
    control_->split(
        text, scratch->regex,
        [&](std::string_view piece) {
          if (by_words_ && piece.find(kSpacePiece) == piece.npos) {  // which is a space to the model
            encode_words(piece, std::exchange(first, false), *scratch, append_to);
          } else {
            encode_piece(std::exchange(first, false) ? first_ : later_, piece, *scratch, append_to);
          }
        },
        [&](int32_t id) {
          first = false;
          append_to.push_back(id);
        });
  }

  std::vector<Token> tokens() const override {
    std::vector<Token> all;
    for (int id = 0; id < first_.GetPieceSize(); ++id) {
      const bool special = first_.IsControl(id) || first_.IsUnknown(id);
      all.push_back({id, first_.IdToPiece(id), bytes_of(first_, id, what_), special});
    }
    return all;
  }

  bool adds_space() const override { return adds_space_; }

 private:
  /// Spaces and the word behind them at a time, which gives what the whole text gives, and remembers words.
  void encode_words(std::string_view text, bool first, PieceScratch& scratch, std::vector<int32_t>& append_to) const {
    while (!text.empty()) {
      const size_t word = std::min(text.find_first_not_of(' '), text.size());
      const size_t end = std::min(text.find(' ', word), text.size());
      const std::string_view piece = text.substr(0, end);
      text.remove_prefix(end);
      if (std::exchange(first, false)) {
        encode_piece(first_, piece, scratch, append_to);
        continue;
      }
      if (const auto known = scratch.words.find(piece)) {
        append_to.insert(append_to.end(), known->begin(), known->end());
        continue;
      }
      const size_t begin = append_to.size();
      encode_piece(later_, piece, scratch, append_to);
      scratch.words.insert(piece, std::span(append_to).subspan(begin));
    }
  }

  void encode_piece(const Processor& processor, std::string_view piece, PieceScratch& scratch,
                    std::vector<int32_t>& append_to) const {
    const auto status = processor.Encode(piece, &scratch.ids);
    if (!status.ok()) {
      bad_input("{}: SentencePiece cannot encode a text with this model: {}", what_, status.ToString());
    }
    append_to.insert(append_to.end(), scratch.ids.begin(), scratch.ids.end());
  }

  std::string what_;
  Processor first_, later_;  ///< for the beginning of a text, and for what stands behind something
  bool adds_space_ = true;
  bool by_words_ = false;
  std::optional<AddedTokenFinder> control_;
  ScratchPool<PieceScratch> scratch_;
};

}  // namespace

std::unique_ptr<Encoder> sentencepiece_encoder(std::string_view model, std::string_view what) {
  return std::make_unique<SentencePieceEncoder>(model, what);
}

}  // namespace cambium::text

#else

namespace cambium::text {

std::unique_ptr<Encoder> sentencepiece_encoder(std::string_view, std::string_view what) {
  bad_input("{}: neither a tokenizer.json nor, as this program was built without SentencePiece, readable as its model",
            what);
}

}  // namespace cambium::text

#endif
