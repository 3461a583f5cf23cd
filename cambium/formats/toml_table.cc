#include "cambium/formats/toml_table.h"

#include <algorithm>
#include <sstream>

#include "cambium/base/error.h"
#include "cambium/base/text.h"

namespace cambium::formats {

toml::table parse_toml(std::string_view text, const std::string& file) {
  try {
    return toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    bad_input("{}: line {}, column {}: not TOML: {}", file, error.source().begin.line, error.source().begin.column,
              error.description());
  }
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

const toml::node* TomlTable::find(std::string_view key) {
  known_.emplace_back(key);
  return table_.get(key);
}

std::string TomlTable::what(std::string_view key) const {
  const toml::node* node = table_.get(key);
  const auto line = (node == nullptr ? table_.source() : node->source()).begin.line;
  return format("{}: line {}: `{}{}`", file_, line, name_.empty() ? "" : name_ + ".", key);
}

void TomlTable::fail(std::string_view key, std::string_view expected) const {
  std::ostringstream found;
  if (const toml::node* node = table_.get(key)) {
    node->visit([&](const auto& value) {
      if constexpr (toml::is_value<decltype(value)>) {
        found << value;
      } else {
        found << "a table or a list";
      }
    });
  } else {
    found << "nothing";
  }
  bad_input("{}: expected {}, found {}", what(key), expected, found.str());
}

std::optional<std::string> TomlTable::text(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) {
    return std::nullopt;
  }
  const auto value = node->value_exact<std::string>();
  if (!value) {
    fail(key, "a string");
  }
  return value;
}

std::string TomlTable::need_text(std::string_view key) {
  const auto value = text(key);
  if (!value || value->empty()) {
    fail(key, "a string that is not empty");
  }
  return *value;
}

bool TomlTable::boolean(std::string_view key) {
  const toml::node* node = find(key);
  if (node != nullptr && !node->is_boolean()) {
    fail(key, "true or false");
  }
  return node != nullptr && *node->value<bool>();
}

std::optional<int64_t> TomlTable::integer(std::string_view key, int64_t low) {
  const toml::node* node = find(key);
  if (node == nullptr) {
    return std::nullopt;
  }
  const auto value = node->value_exact<int64_t>();
  if (!value || *value < low) {
    fail(key, format("a whole number from {} up", low));
  }
  return value;
}

std::vector<int64_t> TomlTable::integers(std::string_view key, int64_t low) {
  const toml::node* node = find(key);
  std::vector<int64_t> values;
  if (node == nullptr) {
    return values;
  }
  const toml::array* list = node->as_array();
  if (list == nullptr) {
    fail(key, "a list of whole numbers");
  }
  for (const toml::node& entry : *list) {
    const auto value = entry.value_exact<int64_t>();
    if (!value || *value < low) {
      fail(key, format("a list of whole numbers from {} up", low));
    }
    values.push_back(*value);
  }
  return values;
}

std::vector<std::string> TomlTable::texts(std::string_view key) {
  const toml::node* node = find(key);
  std::vector<std::string> values;
  if (node == nullptr) {
    return values;
  }
  if (const auto value = node->value_exact<std::string>()) {
    return {*value};
  }
  const toml::array* list = node->as_array();
  if (list == nullptr) {
    fail(key, "a string or a list of strings");
  }
  for (const toml::node& entry : *list) {
    const auto value = entry.value_exact<std::string>();
    if (!value) {
      fail(key, "a list of nothing but strings");
    }
    values.push_back(*value);
  }
  return values;
}

std::optional<TomlTable> TomlTable::table(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) {
    return std::nullopt;
  }
  if (!node->is_table()) {
    fail(key, "a table");
  }
  return TomlTable(*node->as_table(), file_, std::string(key));
}

std::vector<TomlTable> TomlTable::tables(std::string_view key) {
  const toml::node* node = find(key);
  std::vector<TomlTable> tables;
  if (node == nullptr) {
    return tables;
  }
  if (!node->is_array_of_tables()) {
    fail(key, format("tables ([[{}]])", key));
  }
  for (const toml::node& entry : *node->as_array()) {
    tables.emplace_back(*entry.as_table(), file_, std::string(key));
  }
  return tables;
}

void TomlTable::finish() const {
  for (const auto& [key, node] : table_) {
    if (std::find(known_.begin(), known_.end(), key.str()) == known_.end()) {
      bad_input("{}: line {}: unknown key `{}{}`{}", file_, node.source().begin.line, name_.empty() ? "" : name_ + ".",
                std::string(key.str()), did_you_mean(key.str(), known_));
    }
  }
}

}  // namespace cambium::formats
