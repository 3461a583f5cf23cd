#pragma once

#include <CLI/CLI.hpp>
#include <optional>

/// Parses a verb's command line. Gives an exit code where the verb is to end now: 0 after `--help`, 2 on bad usage
/// (with the message and a pointer to `--help` on stderr). `std::nullopt`: go on.
std::optional<int> parse_options(CLI::App& app, int argc, char** argv);
