#include "cambium/eval/tasks/encoder.h"

#include <algorithm>

#include "cambium/base/error.h"
#include "cambium/eval/tasks/python_text.h"
#include "cambium/formats/json.h"
#include "cambium/text/utf8.h"

namespace cambium::eval {
namespace {

using formats::Json;

/// The token that a TemplateProcessing post-processor puts in front of a single text.
std::optional<std::string> begin_token(const Json& processor) {
  if (!processor.is_object()) {
    return std::nullopt;
  }
  if (processor.contains("processors")) {
    for (const Json& part : processor["processors"]) {
      if (const auto token = begin_token(part)) {
        return token;
      }
    }
  }
  const Json single = processor.value("single", Json());
  if (processor.value("type", Json()) != "TemplateProcessing" || !single.is_array() || single.empty()) {
    return std::nullopt;
  }
  const formats::JsonView first(single[0], "tokenizer.json");
  return first.has("SpecialToken") ? std::optional(first.object("SpecialToken").string("id")) : std::nullopt;
}

}  // namespace

Encoder::Encoder(const text::Tokenizer& tokenizer, int64_t max_length)
    : tokenizer_(tokenizer), max_length_(max_length), end_of_text_(tokenizer.end_of_text()) {
  if (tokenizer.file_name() == "tokenizer.json") {
    const Json json = formats::parse_json(tokenizer.content(), "tokenizer.json");
    if (const auto token = begin_token(json.value("post_processor", Json()))) {
      begin_ = tokenizer.token_id(*token);
    }
    for (const Json& token : json.value("added_tokens", Json::array())) {
      if (token.value("special", Json()) == true) {
        special_.insert(token.at("id").get<int32_t>());  // as the tokenizer's own reader has checked
      }
    }
  } else {  // SentencePiece models of the LLaMA family begin every text with <s>
    begin_ = tokenizer.token_id("<s>");
    for (const char* token : {"<unk>", "<s>", "</s>"}) {
      if (const auto id = tokenizer.token_id(token)) {
        special_.insert(*id);
      }
    }
  }
  if (!begin_ && !end_of_text_) {
    bad_input("{}: expected an end-of-text token among the special tokens, found none", tokenizer.file_name());
  }
}

std::vector<int32_t> Encoder::encode(std::string_view text) const {
  std::vector<int32_t> ids;
  if (begin_) {
    ids.push_back(*begin_);
  }
  tokenizer_.encode(text, ids);
  return ids;
}

ScoredTokens Encoder::cut(const std::vector<int32_t>& context, const std::vector<int32_t>& continuation) const {
  ScoredTokens tokens{context, continuation};
  tokens.input.insert(tokens.input.end(), continuation.begin(), continuation.end());
  const auto keep = static_cast<size_t>(max_length_) + 1;
  if (tokens.input.size() > keep) {
    tokens.input.erase(tokens.input.begin(), tokens.input.end() - static_cast<int64_t>(keep));
  }
  tokens.input.pop_back();
  if (tokens.targets.size() > tokens.input.size()) {
    bad_input("a continuation of {} tokens is longer than the model's {} positions", continuation.size(), max_length_);
  }
  return tokens;
}

ScoredTokens Encoder::pair(std::string_view context, std::string_view continuation) const {
  if (context.empty()) {
    std::vector<int32_t> ids = tokenizer_.encode(continuation);
    const int32_t prefix = begin_.value_or(end_of_text_.value_or(0));
    if (ids.size() > 1 && ids[0] == prefix) {
      ids.erase(ids.begin());
    }
    if (ids.empty()) {
      bad_input("a request without any text");
    }
    return cut({prefix}, ids);
  }
  const std::string_view kept = right_stripped(context);
  const std::string moved = std::string(context.substr(kept.size())) + std::string(continuation);
  const std::vector<int32_t> whole = encode(std::string(kept) + moved);
  std::vector<int32_t> head = encode(kept);
  if (whole.size() < 2) {
    return pair("", moved);
  }
  // A continuation that melts into the context's last token still needs one token of its own.
  head.resize(std::min(head.size(), whole.size() - 1));
  if (head.empty()) {
    return pair("", moved);
  }
  return cut(head, std::vector<int32_t>(whole.begin() + static_cast<int64_t>(head.size()), whole.end()));
}

std::vector<ScoredTokens> Encoder::rolling(std::string_view text) const {
  std::vector<int32_t> ids{begin_.value_or(end_of_text_.value_or(0))};
  const std::vector<int32_t> own = encode(text);
  ids.insert(ids.end(), own.begin(), own.end());
  const auto total = static_cast<int64_t>(own.size());  // token i stands at ids[i + 1]
  std::vector<ScoredTokens> windows;
  for (int64_t done = 0; done < total;) {
    const int64_t count = std::min(total - done, max_length_);
    const int64_t end = done + count, begin = std::max<int64_t>(0, end - max_length_);
    windows.push_back({{ids.begin() + begin, ids.begin() + end}, {ids.begin() + done + 1, ids.begin() + end + 1}});
    done = end;
  }
  return windows;
}

int64_t Encoder::room(int64_t max_tokens) const {
  return max_tokens < max_length_ ? max_tokens : std::max<int64_t>(1, max_length_ / 2);
}

std::vector<int32_t> Encoder::prompt(std::string_view context, int64_t max_tokens) const {
  std::vector<int32_t> ids = encode(context);
  if (ids.empty()) {
    ids.push_back(end_of_text_.value_or(0));
  }
  const auto keep = static_cast<size_t>(max_length_ - room(max_tokens));
  if (ids.size() > keep) {
    ids.erase(ids.begin(), ids.end() - static_cast<int64_t>(std::max<size_t>(1, keep)));
  }
  return ids;
}

std::string Encoder::decode(std::span<const int32_t> ids) const {
  std::vector<int32_t> plain;
  std::copy_if(ids.begin(), ids.end(), std::back_inserter(plain), [&](int32_t id) { return !special_.contains(id); });
  return text::replace_invalid_utf8(tokenizer_.decode(plain));
}

}  // namespace cambium::eval
