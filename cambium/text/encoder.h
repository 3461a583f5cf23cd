#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cambium::text {

/// What a kind of tokenizer does behind `Tokenizer`. Immutable but for caches; safe to use from many threads.
class Encoder {
 public:
  struct Token {
    int32_t id;
    std::string name;   ///< as its file spells it
    std::string bytes;  ///< what it stands for in text
    bool special;
  };

  virtual ~Encoder() = default;
  /// Appends the ids of a text, which is valid UTF-8.
  virtual void encode(std::string_view text, std::vector<int32_t>& append_to) const = 0;
  /// All tokens; where names or ids come twice, the last counts.
  virtual std::vector<Token> tokens() const = 0;
  /// True where encoding puts a space before the text, which decoding takes off again.
  virtual bool adds_space() const { return false; }
};

/// Of a tokenizer.json. Throws InvalidInput, naming `what`, for broken files and, by name, for unsupported parts.
std::unique_ptr<Encoder> byte_level_encoder(std::string_view json, std::string_view what);

/// Of a SentencePiece model (Llama 2's tokenizer.model). Ids are those of SentencePiece itself; control tokens in the
/// text ("</s>") are recognised, and text behind one gets no space of its own. Throws InvalidInput for broken files,
/// and where the program was built without SentencePiece.
std::unique_ptr<Encoder> sentencepiece_encoder(std::string_view model, std::string_view what);

}  // namespace cambium::text
