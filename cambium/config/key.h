#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cambium/config/run_config.h"

namespace cambium::config {

/// A place in a configuration that a key writes to; its type is the key's type.
using Field = std::variant<bool*, int*, int64_t*, uint64_t*, double*, std::string*, StepCount*,
                           std::optional<StepCount>*, std::vector<int64_t>*, std::vector<double>*>;

/// What a key's value may be, beside its type. For numbers and lists of numbers a range, for strings a choice.
struct Rule {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_excluded = false;
  bool high_excluded = false;
  std::vector<std::string> choices = {};        ///< empty: any string
  std::string when_false = {}, when_true = {};  ///< the choices that a boolean stands for; empty: no boolean
};

/// One key of a table: serves parsing, `--set`, defaults, documentation and printing.
template <typename Owner>
struct Key {
  std::string section;  ///< "train"
  std::string name;     ///< "micro_batch"
  Field (*field)(Owner& owner);
  Rule rule;
  std::string sentence;
  std::string default_text = {};  ///< where the default follows from other keys; else the field's initial value is it

  std::string full_name() const { return section + "." + name; }
};

/// "an integer", "a number of steps (...)": for messages. `Rule` adds the range or the choices.
std::string expected(const Field& field, const Rule& rule);
/// "integer", "steps", "one of ...": for the documentation.
std::string type_name(const Field& field, const Rule& rule);
/// The value as TOML text; "" for an optional one that is not set.
std::string to_toml(const Field& field);

}  // namespace cambium::config
