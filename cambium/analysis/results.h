#pragma once

#include <filesystem>
#include <string>

#include "cambium/analysis/analysis.h"

namespace cambium::analysis {

/// A finished analysis with what it was made from.
struct Results {
  const Analysis& analysis;
  std::string model;
  const PromptSet& prompts;
  uint64_t seed;
  std::string key;  ///< of everything that the values depend on
  Values values;
};

/// DIR/<analysis>.json (interface section 4) and the same numbers as DIR/<analysis>.csv: one line a number, with the
/// name of its array and its indices. Each file appears whole.
void write_results(const std::filesystem::path& directory, const Results& results);

/// The values in DIR/<analysis>.json where they were made with the same key; nothing otherwise.
std::optional<Values> finished_values(const std::filesystem::path& directory, const Analysis& analysis,
                                      const std::string& key);

/// For a terminal: a table of the arrays with one entry a layer, with small bars; pictures of those with two indices;
/// single numbers in lines.
std::string to_text(const Values& values);

}  // namespace cambium::analysis
