#include "cambium/text/tokenizer.h"

#include <system_error>
#include <unordered_map>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/hash.h"
#include "cambium/text/encoder.h"
#include "cambium/text/utf8.h"

namespace cambium::text {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kMaxFileBytes = int64_t{256} << 20;

/// A SentencePiece model begins with a field of pieces, 0x0A; a JSON object may, but then its brace follows.
bool is_model(std::string_view content) {
  const size_t first = content.find_first_not_of(" \t\r\n");
  return content.starts_with('\n') && first != std::string_view::npos && content[first] != '{';
}

std::unique_ptr<Encoder> make_encoder(std::string_view content, std::string_view what) {
  if (is_model(content)) {
    return sentencepiece_encoder(content, what);
  }
  if (what.ends_with(".model")) {
    bad_input("{}: not a SentencePiece model: expected a field of pieces at its beginning", what);
  }
  return byte_level_encoder(content, what);
}

}  // namespace

struct Tokenizer::Impl {
  Impl(std::string file, std::string_view what)
      : content(std::move(file)), hash(hash_hex(content)), encoder(make_encoder(content, what)) {
    for (Encoder::Token& token : encoder->tokens()) {
      if (static_cast<size_t>(token.id) >= bytes.size()) {
        bytes.resize(static_cast<size_t>(token.id) + 1);
        is_token.resize(static_cast<size_t>(token.id) + 1);
      }
      bytes[static_cast<size_t>(token.id)] = std::move(token.bytes);
      is_token[static_cast<size_t>(token.id)] = true;
      ids.emplace(token.name, token.id);
      if (token.special) {
        special.emplace(std::move(token.name), token.id);
      }
    }
  }

  std::string content;
  std::string hash;
  std::unique_ptr<Encoder> encoder;
  std::vector<std::string> bytes;  ///< by id
  std::vector<bool> is_token;      ///< by id; ids may have gaps
  std::unordered_map<std::string, int32_t> ids;
  std::unordered_map<std::string, int32_t> special;
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

std::optional<fs::path> Tokenizer::find(const fs::path& directory) {
  std::error_code ignored;
  for (const std::string_view name : kFileNames) {
    if (fs::exists(directory / name, ignored)) {
      return directory / name;
    }
  }
  return std::nullopt;
}

Tokenizer Tokenizer::load(const fs::path& path) {
  std::error_code ignored;  // what cannot be looked at cannot be read either, which `read_file` reports
  const fs::path file = fs::is_directory(path, ignored) ? find(path).value_or(path / kFileNames[0]) : path;
  return parse(read_file(file, kMaxFileBytes), file.string());
}

Tokenizer Tokenizer::parse(std::string_view content, std::string_view what) {
  return Tokenizer(std::make_unique<Impl>(std::string(content), what));
}

std::string_view Tokenizer::file_name_of(std::string_view content) { return kFileNames[is_model(content) ? 1 : 0]; }

std::vector<int32_t> Tokenizer::encode(std::string_view text) const {
  std::vector<int32_t> ids;
  encode(text, ids);
  return ids;
}

void Tokenizer::encode(std::string_view text, std::vector<int32_t>& append_to) const {
  require_utf8(text);
  impl_->encoder->encode(text, append_to);
}

std::string Tokenizer::decode(std::span<const int32_t> ids) const {
  std::string out;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!is_known(ids[i])) {
      bad_input("id {} at place {} is not in the vocabulary; expected 0 to {}", ids[i], i, vocab_size() - 1);
    }
    out += impl_->bytes[static_cast<size_t>(ids[i])];
  }
  if (impl_->encoder->adds_space() && out.starts_with(' ')) {
    out.erase(0, 1);
  }
  return out;
}

const std::string& Tokenizer::bytes_of(int32_t id) const {
  if (!is_known(id)) {
    bad_input("id {} is not in the vocabulary; expected 0 to {}", id, vocab_size() - 1);
  }
  return impl_->bytes[static_cast<size_t>(id)];
}

bool Tokenizer::is_known(int32_t id) const {
  return id >= 0 && id < vocab_size() && impl_->is_token[static_cast<size_t>(id)];
}

int32_t Tokenizer::vocab_size() const { return static_cast<int32_t>(impl_->bytes.size()); }

std::optional<int32_t> Tokenizer::end_of_text() const {
  for (const char* name : {"<|endoftext|>", "<|end_of_text|>", "</s>", "<|im_end|>"}) {
    const auto found = impl_->special.find(name);
    if (found != impl_->special.end()) {
      return found->second;
    }
  }
  return std::nullopt;
}

std::optional<int32_t> Tokenizer::token_id(std::string_view token) const {
  const auto found = impl_->ids.find(std::string(token));
  return found == impl_->ids.end() ? std::nullopt : std::optional(found->second);
}

const std::string& Tokenizer::content() const { return impl_->content; }
std::string_view Tokenizer::file_name() const { return file_name_of(impl_->content); }
const std::string& Tokenizer::hash() const { return impl_->hash; }

}  // namespace cambium::text
