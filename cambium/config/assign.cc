#include "cambium/config/assign.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "cambium/config/step_count.h"

namespace cambium::config {
namespace {

/// A value as it would be written, cut to a length that fits a message.
std::string found(const toml::node& node) {
  if (node.is_table()) {
    return "a table";
  }
  std::ostringstream text;
  node.visit([&](const auto& value) { text << value; });
  std::string shown = text.str();
  constexpr size_t kLongest = 60;
  if (shown.size() > kLongest) {
    shown = shown.substr(0, kLongest) + "...";
  }
  return node.is_string() ? '"' + node.as_string()->get().substr(0, kLongest) + '"' : shown;
}

bool in_range(double value, const Rule& rule) {
  return std::isfinite(value) && (rule.low_excluded ? value > rule.low : value >= rule.low) &&
         (rule.high_excluded ? value < rule.high : value <= rule.high);
}

/// Reads one value into `out`; false where the node has another type or is out of range.
class Reader {
 public:
  Reader(const toml::node& node, const Rule& rule, const std::string& raw) : node_(node), rule_(rule), raw_(raw) {}

  bool operator()(bool* out) const { return exact(out); }
  bool operator()(int* out) const { return integer(out); }
  bool operator()(int64_t* out) const { return integer(out); }
  bool operator()(uint64_t* out) const { return integer(out); }

  bool operator()(double* out) const {
    const auto value = node_.is_number() ? node_.value<double>() : std::nullopt;
    if (!value || !in_range(*value, rule_)) {
      return false;
    }
    *out = *value;
    return true;
  }

  bool operator()(std::string* out) const {
    // `--set run.dir=2026` means the word, not the number.
    const auto* text = node_.as_string();
    if (const auto* flag = node_.as_boolean(); flag != nullptr && !rule_.when_true.empty()) {
      *out = flag->get() ? rule_.when_true : rule_.when_false;
      return true;
    }
    if (text == nullptr && raw_.empty()) {
      return false;
    }
    const std::string value = text != nullptr ? text->get() : raw_;
    if (!rule_.choices.empty() && std::find(rule_.choices.begin(), rule_.choices.end(), value) == rule_.choices.end()) {
      return false;
    }
    *out = value;
    return true;
  }

  bool operator()(StepCount* out) const {
    if (int64_t steps = 0; integer(&steps)) {
      return (*this)(out, format("{}", steps));
    }
    const auto* text = node_.as_string();
    return text != nullptr && (*this)(out, text->get());
  }

  bool operator()(std::optional<StepCount>* out) const {
    StepCount count;
    if (!(*this)(&count)) {
      return false;
    }
    *out = count;
    return true;
  }

  bool operator()(std::vector<int64_t>* out) const { return list(out); }
  bool operator()(std::vector<double>* out) const { return list(out); }

 private:
  bool operator()(StepCount* out, const std::string& text) const {
    const auto count = parse_step_count(text);
    if (count) {
      *out = *count;
    }
    return count.has_value();
  }

  template <typename T>
  bool exact(T* out) const {
    const auto value = node_.value_exact<T>();
    if (value) {
      *out = *value;
    }
    return value.has_value();
  }

  template <typename T>
  bool integer(T* out) const {
    int64_t value = 0;
    if (!exact(&value) || !in_range(static_cast<double>(value), rule_) || !std::in_range<T>(value)) {
      return false;
    }
    *out = static_cast<T>(value);
    return true;
  }

  template <typename T>
  bool list(std::vector<T>* out) const {
    const auto* array = node_.as_array();
    if (array == nullptr) {
      return false;
    }
    std::vector<T> values;
    for (const toml::node& item : *array) {
      T value{};
      if (!Reader(item, rule_, {})(&value)) {
        return false;
      }
      values.push_back(value);
    }
    *out = std::move(values);
    return true;
  }

  const toml::node& node_;
  const Rule& rule_;
  const std::string& raw_;
};

}  // namespace

void fail_value(const std::string& key, const Assignment& assignment, const std::string& expected) {
  const Place& place = assignment.place;
  bad_input("{}: `{}`{}: expected {}, found {}", place.what, key,
            place.overridden() ? "" : format(" (line {})", place.line), expected, found(*assignment.value));
}

void assign(const Field& field, const Rule& rule, const std::string& key, const Assignment& assignment) {
  const Reader reader(*assignment.value, rule, assignment.raw);
  if (!std::visit(reader, field)) {
    fail_value(key, assignment, expected(field, rule));
  }
}

}  // namespace cambium::config
