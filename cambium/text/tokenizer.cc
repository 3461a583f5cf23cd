#include "cambium/text/tokenizer.h"

#include <algorithm>
#include <mutex>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/hash.h"
#include "cambium/text/added_tokens.h"
#include "cambium/text/bpe_model.h"
#include "cambium/text/byte_alphabet.h"
#include "cambium/text/pre_tokenizer.h"
#include "cambium/text/tokenizer_spec.h"
#include "cambium/text/utf8.h"
#include "cambium/text/word_cache.h"

namespace cambium::text {
namespace {

constexpr int64_t kMaxFileBytes = int64_t{256} << 20;

std::vector<AddedToken> select(const std::vector<AddedToken>& tokens, bool normalized) {
  std::vector<AddedToken> selected;
  std::ranges::copy_if(tokens, std::back_inserter(selected),
                       [&](const AddedToken& token) { return token.normalized == normalized; });
  return selected;
}

/// What one call of `encode` works with, kept for the next call.
struct Scratch {
  RegexScratch regex;
  WordCache words;
};

}  // namespace

struct Tokenizer::Impl {
  Impl(std::string json_bytes, const TokenizerSpec& spec)
      : json(std::move(json_bytes)),
        hash(hash_hex(json)),
        added_first(select(spec.added, false)),
        added_second(select(spec.added, true)),
        pre_tokenizer(spec.pre_tokenizer, spec.what),
        model(spec) {
    for (const auto& [token, id] : spec.vocab) {
      set_bytes(id, from_byte_alphabet(token).value_or(token));
      ids.emplace(token, id);
    }
    for (const AddedToken& token : spec.added) {
      set_bytes(token.id, token.content);
      ids.emplace(token.content, token.id);
      if (token.special) {
        special.emplace(token.content, token.id);
      }
    }
  }

  void set_bytes(int32_t id, std::string token) {
    if (static_cast<size_t>(id) >= bytes.size()) {
      bytes.resize(static_cast<size_t>(id) + 1);
      is_token.resize(static_cast<size_t>(id) + 1);
    }
    bytes[static_cast<size_t>(id)] = std::move(token);
    is_token[static_cast<size_t>(id)] = true;
  }

  std::unique_ptr<Scratch> take_scratch() {
    const std::lock_guard lock(scratch_mutex);
    if (idle_scratch.empty()) {
      return std::make_unique<Scratch>();
    }
    std::unique_ptr<Scratch> scratch = std::move(idle_scratch.back());
    idle_scratch.pop_back();
    return scratch;
  }

  void give_back(std::unique_ptr<Scratch> scratch) {
    const std::lock_guard lock(scratch_mutex);
    idle_scratch.push_back(std::move(scratch));
  }

  std::string json;
  std::string hash;
  AddedTokenFinder added_first;   ///< looked for in the text
  AddedTokenFinder added_second;  ///< looked for in what the first left
  PreTokenizer pre_tokenizer;
  BpeModel model;
  std::vector<std::string> bytes;  ///< by id
  std::vector<bool> is_token;      ///< by id; ids may have gaps
  std::unordered_map<std::string, int32_t> ids;
  std::unordered_map<std::string, int32_t> special;
  std::mutex scratch_mutex;
  std::vector<std::unique_ptr<Scratch>> idle_scratch;
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::load(const std::filesystem::path& path) {
  std::error_code ignored;  // what cannot be looked at cannot be read either, which `read_file` reports
  const std::filesystem::path file = std::filesystem::is_directory(path, ignored) ? path / "tokenizer.json" : path;
  return parse(read_file(file, kMaxFileBytes), file.string());
}

Tokenizer Tokenizer::parse(std::string_view json, std::string_view what) {
  return Tokenizer(std::make_unique<Impl>(std::string(json), parse_tokenizer_json(json, what)));
}

std::vector<int32_t> Tokenizer::encode(std::string_view text) const {
  std::vector<int32_t> ids;
  encode(text, ids);
  return ids;
}

void Tokenizer::encode(std::string_view text, std::vector<int32_t>& append_to) const {
  require_utf8(text);
  std::unique_ptr<Scratch> scratch = impl_->take_scratch();
  const auto on_word = [&](std::string_view word) {
    if (const auto known = scratch->words.find(word)) {
      append_to.insert(append_to.end(), known->begin(), known->end());
      return;
    }
    const size_t begin = append_to.size();
    impl_->model.encode(word, append_to);
    scratch->words.insert(word, std::span(append_to).subspan(begin));
  };
  const auto on_token = [&](int32_t id) { append_to.push_back(id); };
  impl_->added_first.split(
      text, scratch->regex,
      [&](std::string_view piece) {
        impl_->added_second.split(
            piece, scratch->regex,
            [&](std::string_view rest) { impl_->pre_tokenizer.split(rest, scratch->regex, on_word); }, on_token);
      },
      on_token);
  impl_->give_back(std::move(scratch));
}

std::string Tokenizer::decode(std::span<const int32_t> ids) const {
  std::string out;
  for (size_t i = 0; i < ids.size(); ++i) {
    const int32_t id = ids[i];
    if (id < 0 || id >= vocab_size() || !impl_->is_token[static_cast<size_t>(id)]) {
      bad_input("id {} at place {} is not in the vocabulary; expected 0 to {}", id, i, vocab_size() - 1);
    }
    out += impl_->bytes[static_cast<size_t>(id)];
  }
  return out;
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

const std::string& Tokenizer::json() const { return impl_->json; }
const std::string& Tokenizer::hash() const { return impl_->hash; }

}  // namespace cambium::text
