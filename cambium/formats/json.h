#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cambium::formats {

using Json = nlohmann::ordered_json;

/// Parses one JSON value. Throws InvalidInput that names `what` (a file, or "file:line"), the byte offset and the
/// reason: bad syntax, invalid UTF-8, nesting past 64 levels, a key twice in one object, bytes behind the value.
Json parse_json(std::string_view text, std::string_view what);
Json read_json(const std::filesystem::path& path, int64_t max_bytes = int64_t{256} << 20);

/// The value where it is an integer from `low` to `high`.
std::optional<int64_t> as_integer(const Json& value, int64_t low, int64_t high);

/// Typed access with errors that name the file and the key: "config.json: key `hidden_size`: expected a positive
/// integer, found \"big\"".
class JsonView {
 public:
  JsonView(const Json& value, std::string what) : value_(value), what_(std::move(what)) {}
  bool has(std::string_view key) const;  ///< present and not null
  int64_t integer(std::string_view key, int64_t low, int64_t high) const;
  uint64_t seed(std::string_view key) const;  ///< an integer from 0 on: up to 2^64 - 1, which no int64_t holds
  /// A list of integers from `low` to `high`.
  std::vector<int64_t> integers(std::string_view key, int64_t low, int64_t high) const;
  double number(std::string_view key) const;
  bool boolean(std::string_view key) const;
  std::string string(std::string_view key) const;
  const Json& at(std::string_view key) const;
  JsonView object(std::string_view key) const;
  const Json& list(std::string_view key, std::string_view of = {}) const;  ///< `of`: "files", for the message
  const Json& value() const { return value_; }
  const std::string& what() const { return what_; }
  [[noreturn]] void fail(std::string_view key, std::string_view expected) const;

 private:
  const Json& value_;
  std::string what_;
  std::string prefix_;  ///< keys that lead from the file's top to this object, for messages
};

}  // namespace cambium::formats
