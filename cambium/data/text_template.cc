#include "cambium/data/text_template.h"

#include <algorithm>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/base/text.h"

namespace cambium::data {
namespace {

using formats::Json;

const Json& member(const Json& record, const std::string& key, const std::string& where) {
  const auto value = record.find(key);
  if (value != record.end()) return *value;
  std::vector<std::string> keys;
  for (const auto& item : record.items()) keys.push_back(item.key());
  bad_input("{}: no key `{}` (--text-key names another); found: {}", where, key, join(keys, ", "));
}

}  // namespace

TextTemplate TextTemplate::field(std::string key) {
  TextTemplate result;
  result.source_ = key;
  result.single_ = true;
  result.parts_.push_back({"", result.index_of(key)});
  return result;
}

TextTemplate TextTemplate::parse(std::string_view text) {
  TextTemplate result;
  result.source_ = text;
  std::string before;
  for (size_t at = 0; at < text.size(); ++at) {
    const std::string_view two = text.substr(at, 2);
    if (two == "{{" || two == "}}" || two == "\\\\" || two == "\\n" || two == "\\t") {
      before += two == "\\n" ? '\n' : two == "\\t" ? '\t' : two[1];
      ++at;
    } else if (text[at] == '{') {
      const size_t close = text.find('}', at);
      const std::string name(text.substr(at + 1, close == text.npos ? text.npos : close - at - 1));
      if (close == text.npos || name.empty() || name.find('{') != name.npos) {
        bad_input("--text-template \"{}\": byte {}: expected {{name}} of a field (two braces stand for one)", text, at);
      }
      result.parts_.push_back({std::exchange(before, {}), result.index_of(name)});
      at = close;
    } else if (text[at] == '}') {
      bad_input("--text-template \"{}\": byte {}: a closing brace without its opening one (two stand for one)", text,
                at);
    } else {
      before += text[at];
    }
  }
  if (result.fields_.empty()) bad_input("--text-template \"{}\": expected at least one {{field}}", text);
  result.parts_.push_back({std::move(before), kNone});
  return result;
}

size_t TextTemplate::index_of(const std::string& field) {
  const auto known = std::find(fields_.begin(), fields_.end(), field);
  if (known == fields_.end()) fields_.push_back(field);
  return static_cast<size_t>(std::find(fields_.begin(), fields_.end(), field) - fields_.begin());
}

std::string TextTemplate::from_json(Json record, const std::string& where) const {
  if (!record.is_object()) {
    bad_input("{}: expected an object with the key `{}`, found {}", where, fields_.front(), record.type_name());
  }
  if (single_) {
    auto& value = const_cast<Json&>(member(record, fields_.front(), where));  // `record` is ours
    if (!value.is_string()) {
      bad_input("{}: key `{}`: expected a string, found {}", where, fields_.front(), value.type_name());
    }
    return std::move(value.get_ref<std::string&>());
  }
  std::string text;
  for (const Part& part : parts_) {
    text += part.text;
    if (part.field == kNone) continue;
    const Json& value = member(record, fields_[part.field], where);
    if (value.is_structured()) {
      bad_input("{}: key `{}`: expected a string or a number, found {}", where, fields_[part.field], value.type_name());
    }
    if (!value.is_null()) text += value.is_string() ? value.get_ref<const std::string&>() : value.dump();
  }
  return text;
}

std::string TextTemplate::from_row(std::span<const std::optional<std::string_view>> values) const {
  std::string text;
  for (const Part& part : parts_) {
    text += part.text;
    if (part.field != kNone) text += values[part.field].value_or("");
  }
  return text;
}

}  // namespace cambium::data
