#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cambium/config/run_config.h"

namespace cambium::config {

/// Reads "200", "200 steps", "10M tokens", "2B tokens", "500k tokens", "1.5 epochs" (k, M, B, T are powers of 1000).
/// Gives nothing where the text is none of these or the amount is negative or beyond 1e15.
std::optional<StepCount> parse_step_count(std::string_view text);

/// As it is written in a configuration: `200`, `"10M tokens"`.
std::string to_toml(const StepCount& count);

}  // namespace cambium::config
