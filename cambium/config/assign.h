#pragma once

#include <string>

#include "cambium/config/key.h"
#include "cambium/config/layers.h"

namespace cambium::config {

/// Writes a value to a key's field. Throws InvalidInput with the place, the key, what was expected and what was found
/// where its type or its value is wrong.
void assign(const Field& field, const Rule& rule, const std::string& key, const Assignment& assignment);

/// "run.toml: `train.steps` (line 5): expected ..., found true".
[[noreturn]] void fail_value(const std::string& key, const Assignment& assignment, const std::string& expected);

}  // namespace cambium::config
