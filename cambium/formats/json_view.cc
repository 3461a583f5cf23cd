#include <cmath>
#include <string>

#include "cambium/base/error.h"
#include "cambium/formats/json.h"

namespace cambium::formats {
namespace {

/// A value as an error message shows it: short whatever its size.
std::string describe(const Json& value) {
  constexpr size_t kLongest = 60;
  if (value.is_array()) return format("a list of {}", value.size());
  if (value.is_object()) return "an object";
  std::string text;
  if (value.is_string()) {  // cut before quoting: the value may be megabytes
    const auto& whole = value.get_ref<const std::string&>();
    text = Json(whole.substr(0, kLongest)).dump(-1, ' ', false, Json::error_handler_t::replace);
    return whole.size() > kLongest ? text + "..." : text;
  }
  return value.dump();
}

}  // namespace

std::optional<int64_t> as_integer(const Json& value, int64_t low, int64_t high) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
  const auto number = value.get<int64_t>();
  return number >= low && number <= high ? std::optional(number) : std::nullopt;
}

bool JsonView::has(std::string_view key) const {
  if (!value_.is_object()) {
    bad_input("{}: {}expected a JSON object, found {}", what_, prefix_.empty() ? "" : format("key `{}`: ", prefix_),
              describe(value_));
  }
  const auto found = value_.find(key);
  return found != value_.end() && !found->is_null();
}

const Json& JsonView::at(std::string_view key) const {
  if (!has(key)) fail(key, "a value");
  return *value_.find(key);
}

void JsonView::fail(std::string_view key, std::string_view expected) const {
  const std::string name = prefix_.empty() ? std::string(key) : format("{}.{}", prefix_, key);
  const auto found = value_.is_object() ? value_.find(key) : value_.end();
  if (found == value_.end()) bad_input("{}: key `{}`: missing, expected {}", what_, name, expected);
  bad_input("{}: key `{}`: expected {}, found {}", what_, name, expected, describe(*found));
}

int64_t JsonView::integer(std::string_view key, int64_t low, int64_t high) const {
  const std::optional<int64_t> number = has(key) ? as_integer(*value_.find(key), low, high) : std::nullopt;
  if (!number) fail(key, format("an integer from {} to {}", low, high));
  return *number;
}

uint64_t JsonView::seed(std::string_view key) const {
  if (!has(key) || !value_.find(key)->is_number_unsigned()) fail(key, "an integer from 0 on");
  return value_.find(key)->get<uint64_t>();
}

std::vector<int64_t> JsonView::integers(std::string_view key, int64_t low, int64_t high) const {
  std::vector<int64_t> numbers;
  for (const Json& value : list(key, "integers")) {
    const std::optional<int64_t> number = as_integer(value, low, high);
    if (!number) fail(key, format("integers from {} to {}, not {} among them", low, high, describe(value)));
    numbers.push_back(*number);
  }
  return numbers;
}

double JsonView::number(std::string_view key) const {
  if (!has(key) || !value_.find(key)->is_number()) fail(key, "a number");
  return value_.find(key)->get<double>();
}

bool JsonView::boolean(std::string_view key) const {
  if (!has(key) || !value_.find(key)->is_boolean()) fail(key, "true or false");
  return value_.find(key)->get<bool>();
}

std::string JsonView::string(std::string_view key) const {
  if (!has(key) || !value_.find(key)->is_string()) fail(key, "a string");
  return value_.find(key)->get<std::string>();
}

const Json& JsonView::list(std::string_view key, std::string_view of) const {
  if (!has(key) || !value_.find(key)->is_array()) fail(key, of.empty() ? "a list" : format("a list of {}", of));
  return *value_.find(key);
}

JsonView JsonView::object(std::string_view key) const {
  if (!has(key) || !value_.find(key)->is_object()) fail(key, "an object");
  JsonView inner(*value_.find(key), what_);
  inner.prefix_ = prefix_.empty() ? std::string(key) : format("{}.{}", prefix_, key);
  return inner;
}

}  // namespace cambium::formats
