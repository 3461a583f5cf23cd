#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "cambium/base/error.h"

namespace cambium::config {

/// Where a value was written: a line of the file, or a `--set`.
struct Place {
  std::string what;  ///< "run.toml" or "--set train.steps=200"
  int64_t line = 0;  ///< 0: a `--set`
  bool overridden() const { return line == 0; }
};

/// The places of all keys that were given, for messages.
class Origins {
 public:
  Origins() = default;
  explicit Origins(std::string file) : file_(std::move(file)) {}

  void add(const std::string& key, const Place& place) { places_[key] = place; }
  const Place* find(const std::string& key) const;
  bool given(const std::string& key) const { return find(key) != nullptr; }
  const std::string& file() const { return file_; }

  /// "`train.steps` (line 5)", "`train.steps` (--set)", "`train.steps` (its default)".
  std::string name(const std::string& key) const;

  /// Throws InvalidInput about the configuration as a whole.
  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> text, Args&&... args) const {
    throw InvalidInput((file_.empty() ? "" : file_ + ": ") + fmt::format(text, std::forward<Args>(args)...));
  }

 private:
  std::string file_;  ///< "": the configuration was not read from text
  std::map<std::string, Place> places_;
};

}  // namespace cambium::config
