#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/base/text.h"
#include "cambium/formats/json.h"
#include "cambium/text/byte_alphabet.h"
#include "cambium/text/tokenizer_spec.h"

namespace cambium::text {
namespace {

using formats::Json;

constexpr int64_t kMaxTokens = int64_t{1} << 24;
constexpr int64_t kMaxGaps = int64_t{1} << 16;  ///< ids without a token, in small vocabularies

/// A value with its place in the file, for messages.
class Node {
 public:
  Node(const Json& value, std::string_view what, std::string key) : value_(value), what_(what), key_(std::move(key)) {}

  [[noreturn]] void expected(std::string_view expectation) const {
    std::string found = value_.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (found.size() > 60) {
      found = found.substr(0, 57) + "...";
    }
    bad_input("{}: `{}`: expected {}, found {}", what_, key_, expectation, found);
  }
  [[noreturn]] void unsupported(std::string_view name) const {
    bad_input("{}: `{}`: {} is not supported", what_, key_, name);
  }

  bool is_null() const { return value_.is_null(); }
  const Json& value() const { return value_; }

  /// A member; a JSON null where it is missing.
  Node operator[](const char* name) const {
    static const Json kNull;
    if (!value_.is_object()) {
      expected("an object");
    }
    const auto found = value_.find(name);
    return {found == value_.end() ? kNull : *found, what_, key_.empty() ? name : key_ + "." + name};
  }
  std::vector<Node> items() const {
    if (!value_.is_array()) {
      expected("an array");
    }
    std::vector<Node> nodes;
    for (size_t i = 0; i < value_.size(); ++i) {
      nodes.emplace_back(value_[i], what_, format("{}[{}]", key_, i));
    }
    return nodes;
  }
  const std::string& string() const {
    if (!value_.is_string()) {
      expected("a string");
    }
    return value_.get_ref<const std::string&>();
  }
  bool boolean(bool otherwise) const {
    if (value_.is_null()) {
      return otherwise;
    }
    if (!value_.is_boolean()) {
      expected("true or false");
    }
    return value_.get<bool>();
  }
  int32_t id(int64_t limit) const {
    const std::optional<int64_t> id = formats::as_integer(value_, 0, limit - 1);
    if (!id) {
      expected(format("an id below {}", limit));
    }
    return static_cast<int32_t>(*id);
  }
  bool is_active_string() const { return !is_null() && !string().empty(); }

 private:
  const Json& value_;
  std::string_view what_;
  std::string key_;
};

SplitBehavior parse_behavior(const Node& node) {
  constexpr std::pair<std::string_view, SplitBehavior> kNames[] = {
      {"Removed", SplitBehavior::kRemoved},
      {"Isolated", SplitBehavior::kIsolated},
      {"MergedWithPrevious", SplitBehavior::kMergedWithPrevious},
      {"MergedWithNext", SplitBehavior::kMergedWithNext},
      {"Contiguous", SplitBehavior::kContiguous},
  };
  for (const auto& [name, behavior] : kNames) {
    if (node.string() == name) {
      return behavior;
    }
  }
  node.expected("Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous");
}

void parse_pre_tokenizer(const Node& node, std::vector<PreTokenizerStep>& steps) {
  if (node.is_null()) {
    node.unsupported("a pre-tokenizer without ByteLevel");
  }
  const std::string& type = node["type"].string();
  if (type == "Sequence") {
    for (const Node& step : node["pretokenizers"].items()) {
      parse_pre_tokenizer(step, steps);
    }
    return;
  }
  if (!steps.empty() && std::holds_alternative<ByteLevelStep>(steps.back())) {
    node.unsupported(format("{} behind ByteLevel", type));
  }
  if (type == "Digits") {
    steps.emplace_back(DigitsStep{node["individual_digits"].boolean(false)});
  } else if (type == "ByteLevel") {
    steps.emplace_back(ByteLevelStep{node["add_prefix_space"].boolean(true), node["use_regex"].boolean(true)});
  } else if (type == "Split") {
    SplitStep step;
    const Node pattern = node["pattern"];
    step.is_regex = !pattern["Regex"].is_null();
    step.pattern = pattern[step.is_regex ? "Regex" : "String"].string();
    step.behavior = parse_behavior(node["behavior"]);
    step.invert = node["invert"].boolean(false);
    steps.emplace_back(std::move(step));
  } else {
    node.unsupported(format("the pre-tokenizer {}", type));
  }
}

void parse_vocab(const Node& node, TokenizerSpec& spec) {
  if (!node.value().is_object() || node.value().empty()) {
    node.expected("an object of tokens and ids");
  }
  // Tables are as long as the largest id: a few tokens must not ask for a table of millions.
  const int64_t limit = std::min(kMaxTokens, 2 * static_cast<int64_t>(node.value().size()) + kMaxGaps);
  std::unordered_set<int32_t> taken;
  spec.vocab.reserve(node.value().size());
  for (const auto& [token, value] : node.value().items()) {
    const int32_t id = Node(value, spec.what, "model.vocab." + token).id(limit);
    if (!taken.insert(id).second) {
      bad_input("{}: `model.vocab`: the id {} of \"{}\" is taken by another token", spec.what, id, token);
    }
    spec.vocab.emplace_back(token, id);
  }
}

void parse_merges(const Node& node, TokenizerSpec& spec) {
  if (!node.value().is_array()) {
    node.expected("an array of merges");
  }
  if (static_cast<int64_t>(node.value().size()) >= kMaxTokens) {
    node.unsupported(format("a list of {} merges", node.value().size()));
  }
  spec.merges.reserve(node.value().size());
  for (size_t i = 0; i < node.value().size(); ++i) {
    const Json& merge = node.value()[i];
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      spec.merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
      continue;
    }
    const std::string* const text = merge.get_ptr<const std::string*>();
    const size_t space = text == nullptr ? std::string::npos : text->find(' ');
    if (space == std::string::npos || text->find(' ', space + 1) != std::string::npos) {
      Node(merge, spec.what, format("model.merges[{}]", i)).expected("\"left right\" or [\"left\", \"right\"]");
    }
    spec.merges.emplace_back(text->substr(0, space), text->substr(space + 1));
  }
}

/// True where every byte that UTF-8 can hold has a token, so that nothing is ever unknown.
bool has_whole_alphabet(const TokenizerSpec& spec) {
  std::unordered_set<std::string_view> tokens;
  for (const auto& [token, id] : spec.vocab) {
    tokens.insert(token);
  }
  for (int byte = 0; byte < 0xF5; ++byte) {
    const char as_char = static_cast<char>(byte);
    if (byte != 0xC0 && byte != 0xC1 && !tokens.contains(to_byte_alphabet({&as_char, 1}))) {
      return false;
    }
  }
  return true;
}

void parse_model(const Node& model, TokenizerSpec& spec) {
  if (!model["type"].is_null() && model["type"].string() != "BPE") {
    model.unsupported(format("the model {}", model["type"].string()));
  }
  const Node dropout = model["dropout"];
  if (!dropout.is_null() && dropout.value() != 0) {
    dropout.unsupported("dropout");
  }
  for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (model[affix].is_active_string()) {
      model[affix].unsupported(affix);
    }
  }
  parse_vocab(model["vocab"], spec);
  parse_merges(model["merges"], spec);
  spec.ignore_merges = model["ignore_merges"].boolean(false);
  const bool byte_fallback = model["byte_fallback"].boolean(false);
  if ((byte_fallback || model["unk_token"].is_active_string()) && !has_whole_alphabet(spec)) {
    const char* const name = byte_fallback ? "byte_fallback" : "unk_token";
    model[name].unsupported(format("{} with a vocabulary that lacks bytes", name));
  }
}

/// Gives added tokens the ids that Hugging Face's library gives them (that of the vocabulary, else the next free one)
/// and insists that the file says the same.
void parse_added_tokens(const Node& node, TokenizerSpec& spec) {
  if (node.is_null()) {
    return;
  }
  std::unordered_map<std::string, int32_t> ids(spec.vocab.begin(), spec.vocab.end());
  std::unordered_set<std::string> seen;
  const auto vocab_size = static_cast<int32_t>(spec.vocab.size());
  int32_t largest = -1;
  for (const Node& item : node.items()) {
    AddedToken token;
    token.content = item["content"].string();
    token.special = item["special"].boolean(false);
    token.single_word = item["single_word"].boolean(false);
    token.lstrip = item["lstrip"].boolean(false);
    token.rstrip = item["rstrip"].boolean(false);
    token.normalized = item["normalized"].boolean(!token.special);
    token.id = item["id"].id(kMaxTokens);
    if (token.content.empty()) {
      item["content"].expected("a token that is not empty");
    }
    if (!seen.insert(token.content).second) {
      item["content"].expected("a token that was not added before");
    }
    const int32_t id = ids.emplace(token.content, std::max(largest + 1, vocab_size)).first->second;
    if (id != token.id) {
      item["id"].expected(format("{} for \"{}\"", id, token.content));
    }
    largest = std::max(largest, id);
    spec.added.push_back(std::move(token));
  }
}

void refuse_normalizer(const Node& node) {
  if (node.is_null()) {
    return;
  }
  const std::string& type = node["type"].string();
  if (type == "Sequence") {
    for (const Node& step : node["normalizers"].items()) {
      refuse_normalizer(step);
    }
    return;
  }
  node.unsupported(format("the normalizer {}", type));
}

/// A post-processor only adds special tokens and moves offsets; neither is asked for, so its settings do not matter.
void check_post_processor(const Node& node) {
  if (node.is_null()) {
    return;
  }
  const std::string& type = node["type"].string();
  if (type == "Sequence") {
    for (const Node& step : node["processors"].items()) {
      check_post_processor(step);
    }
  } else if (type != "ByteLevel" && type != "TemplateProcessing" && type != "RobertaProcessing" &&
             type != "BertProcessing") {
    node.unsupported(format("the post-processor {}", type));
  }
}

}  // namespace

TokenizerSpec parse_tokenizer_json(std::string_view json, std::string_view what) {
  const Json document = formats::parse_json(json, what);
  TokenizerSpec spec;
  spec.what = what;
  const Node root(document, spec.what, "");
  if (!document.is_object()) {
    bad_input("{}: expected an object, as in a tokenizer.json", what);
  }
  if (root["model"].is_null()) {
    bad_input("{}: key `model` is missing; is this a tokenizer.json?", what);
  }
  const Node version = root["version"];
  if (!version.is_null() && version.string() != "1.0") {
    version.expected("\"1.0\"");
  }
  for (const char* setting : {"truncation", "padding"}) {
    if (!root[setting].is_null()) {
      root[setting].unsupported(setting);
    }
  }
  refuse_normalizer(root["normalizer"]);
  parse_pre_tokenizer(root["pre_tokenizer"], spec.pre_tokenizer);
  if (spec.pre_tokenizer.empty() || !std::holds_alternative<ByteLevelStep>(spec.pre_tokenizer.back())) {
    root["pre_tokenizer"].unsupported("a pre-tokenizer that does not end with ByteLevel");
  }
  check_post_processor(root["post_processor"]);
  if (root["decoder"].is_null() || root["decoder"]["type"].string() != "ByteLevel") {
    root["decoder"].expected("the decoder ByteLevel");
  }
  parse_model(root["model"], spec);
  parse_added_tokens(root["added_tokens"], spec);
  return spec;
}

}  // namespace cambium::text
