#include "cambium/config/key.h"

#include <cmath>

#include "cambium/base/format.h"
#include "cambium/base/text.h"
#include "cambium/config/step_count.h"
#include "cambium/formats/toml_table.h"

namespace cambium::config {
namespace {

template <typename... Cases>
struct Overload : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overload(Cases...) -> Overload<Cases...>;

/// Shortest text that reads back as the same double, with what TOML needs to take it as a float.
std::string number(double value) {
  std::string text = format("{}", value);
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

template <typename T>
std::string list(const std::vector<T>& values, std::string (*show)(T)) {
  std::vector<std::string> parts;
  for (const T value : values) {
    parts.push_back(show(value));
  }
  return "[" + join(parts, ", ") + "]";
}

std::string range(const Rule& rule) {
  const bool low = std::isfinite(rule.low);
  const bool high = std::isfinite(rule.high);
  const std::string above = low ? (rule.low_excluded ? "above " : "at least ") + format("{}", rule.low) : "";
  const std::string below = high ? (rule.high_excluded ? "below " : "at most ") + format("{}", rule.high) : "";
  return above + (low && high ? " and " : "") + below;
}

std::string choices(const Rule& rule) {
  std::vector<std::string> parts;
  for (const std::string& choice : rule.choices) {
    parts.push_back(formats::toml_string(choice));
  }
  return "one of " + join(parts, ", ");
}

constexpr std::string_view kSteps = "a size in steps (200, \"10M tokens\" or \"1.5 epochs\")";

}  // namespace

std::string expected(const Field& field, const Rule& rule) {
  const std::string limits = range(rule);
  const auto with_range = [&](std::string_view what) {
    return std::string(what) + (limits.empty() ? "" : " " + limits);
  };
  return std::visit(Overload{
                        [](bool*) -> std::string { return "true or false"; },
                        [&](int*) { return with_range("an integer"); },
                        [&](int64_t*) { return with_range("an integer"); },
                        [&](uint64_t*) { return with_range("an integer"); },
                        [&](double*) { return with_range("a number"); },
                        [&](std::string*) { return rule.choices.empty() ? "a string" : choices(rule); },
                        [](StepCount*) { return std::string(kSteps); },
                        [](std::optional<StepCount>*) { return std::string(kSteps); },
                        [&](std::vector<int64_t>*) { return with_range("a list of integers, each"); },
                        [&](std::vector<double>*) { return with_range("a list of numbers, each"); },
                    },
                    field);
}

std::string type_name(const Field& field, const Rule& rule) {
  return std::visit(Overload{
                        [](bool*) -> std::string { return "boolean"; },
                        [](int*) -> std::string { return "integer"; },
                        [](int64_t*) -> std::string { return "integer"; },
                        [](uint64_t*) -> std::string { return "integer"; },
                        [](double*) -> std::string { return "number"; },
                        [&](std::string*) { return rule.choices.empty() ? "string" : choices(rule); },
                        [](StepCount*) -> std::string { return "steps"; },
                        [](std::optional<StepCount>*) -> std::string { return "steps"; },
                        [](std::vector<int64_t>*) -> std::string { return "list of integers"; },
                        [](std::vector<double>*) -> std::string { return "list of numbers"; },
                    },
                    field);
}

std::string to_toml(const Field& field) {
  return std::visit(Overload{
                        [](const bool* value) -> std::string { return *value ? "true" : "false"; },
                        [](const int* value) { return format("{}", *value); },
                        [](const int64_t* value) { return format("{}", *value); },
                        [](const uint64_t* value) { return format("{}", *value); },
                        [](const double* value) { return number(*value); },
                        [](const std::string* value) { return formats::toml_string(*value); },
                        [](const StepCount* value) { return to_toml(*value); },
                        [](const std::optional<StepCount>* value) { return *value ? to_toml(**value) : std::string(); },
                        [](const std::vector<int64_t>* value) {
                          return list<int64_t>(*value, [](int64_t item) { return format("{}", item); });
                        },
                        [](const std::vector<double>* value) { return list<double>(*value, number); },
                    },
                    field);
}

}  // namespace cambium::config
