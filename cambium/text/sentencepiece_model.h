#pragma once

#include <string>
#include <string_view>

namespace cambium::text {

/// What a SentencePiece model says about the text before it is cut into pieces. The library does not tell; the file
/// (protocol buffers, message ModelProto of the library's sentencepiece_model.proto) does.
struct SentencePieceNormalizer {
  std::string name;
  bool changes_characters = false;      ///< a table of replacements is there
  bool adds_space = true;               ///< add_dummy_prefix
  bool removes_extra_spaces = true;     ///< remove_extra_whitespaces
  bool writes_spaces_as_pieces = true;  ///< escape_whitespaces: U+2581 stands for a space
};

/// Throws InvalidInput, naming `what` and the byte, where the file is no such message.
SentencePieceNormalizer read_normalizer(std::string_view model, std::string_view what);

/// The same model with `add_dummy_prefix` off.
std::string without_added_space(std::string_view model);

}  // namespace cambium::text
