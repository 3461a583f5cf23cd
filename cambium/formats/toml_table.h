#pragma once

#include <toml++/toml.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cambium::formats {

/// Throws InvalidInput, with file, line and column, for what is not TOML.
toml::table parse_toml(std::string_view text, const std::string& file);

/// A text as a basic string of TOML, on one line.
std::string toml_string(std::string_view text);

/// A table of a TOML file, read key by key with messages that name file, line and key. Every key must be asked for:
/// `finish` refuses those that nobody knew.
class TomlTable {
 public:
  TomlTable(const toml::table& table, std::string file, std::string name)
      : table_(table), file_(std::move(file)), name_(std::move(name)) {}

  std::optional<std::string> text(std::string_view key);
  std::string need_text(std::string_view key);
  bool boolean(std::string_view key);
  std::optional<int64_t> integer(std::string_view key, int64_t low);
  /// A list of whole numbers; empty where the key is not there.
  std::vector<int64_t> integers(std::string_view key, int64_t low);
  /// A string, or a list of strings.
  std::vector<std::string> texts(std::string_view key);
  std::optional<TomlTable> table(std::string_view key);
  std::vector<TomlTable> tables(std::string_view key);
  const toml::table& raw() const { return table_; }

  bool has(std::string_view key) const { return table_.contains(key); }
  /// "file.toml: line 3: `table.key`"
  std::string what(std::string_view key) const;
  [[noreturn]] void fail(std::string_view key, std::string_view expected) const;
  void finish() const;

 private:
  const toml::node* find(std::string_view key);

  const toml::table& table_;
  std::string file_, name_;
  std::vector<std::string> known_;
};

}  // namespace cambium::formats
