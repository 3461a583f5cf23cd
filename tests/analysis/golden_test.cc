#include "tests/model/golden.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <ostream>
#include <string>

#include "cambium/analysis/analyze.h"

namespace cambium::analysis {
namespace {

namespace fs = std::filesystem;
using formats::Json;

/// Nothing in `found` is further than 1e-3 (relative) from `expected`; entries near zero may differ by 1e-6.
void expect_close(const Json& found, const Json& expected, const std::string& where) {
  if (expected.is_array()) {
    ASSERT_TRUE(found.is_array()) << where;
    ASSERT_EQ(found.size(), expected.size()) << where;
    for (size_t i = 0; i < expected.size(); ++i) {
      expect_close(found[i], expected[i], where + "[" + std::to_string(i) + "]");
    }
  } else if (!expected.is_number()) {  // a verdict, or nothing
    EXPECT_EQ(found, expected) << where;
  } else {
    ASSERT_TRUE(found.is_number()) << where;
    const double value = expected.get<double>();
    EXPECT_NEAR(found.get<double>(), value, 1e-6 + 1e-3 * std::abs(value)) << where;
  }
}

/// "skip-effect attention": the analysis, and the part that is left out.
struct Case {
  std::string model, name;
  friend void PrintTo(const Case& each, std::ostream* out) { *out << each.model << " " << each.name; }
};

class Golden : public testing::TestWithParam<Case> {};

Json read_values(const std::string& model) {
  return formats::read_json(model::kGolden / "analyses" / model / "values.json");
}

TEST_P(Golden, ValuesAreTheReference) {
  const auto& [model_name, name] = GetParam();
  const fs::path folder = model::kGolden / "analyses" / model_name;
  model::Llama model = model::load_golden(folder / "model");
  const bool said = name == "signatures" || name == "early-exit";  // texts that the model itself finds likely
  const PromptSet prompts =
      read_prompts(folder / (said ? "said.jsonl" : "prompts.jsonl"), nullptr, model.config.vocab_size, 1);
  Settings settings;
  settings.block_size = 3;
  const std::string part = name.find(' ') == std::string::npos ? "" : name.substr(name.find(' ') + 1);
  settings.part = part == "attention" ? Part::kAttention : part == "mlp" ? Part::kMlp : Part::kLayer;
  const auto wanted = find_analyses(name.substr(0, name.find(' ')));
  const Json expected = read_values(model_name).at(name);
  for (const int64_t batch_tokens : {4096, 20}) {
    if (name.starts_with("integrated-gradients") && batch_tokens == 20) {
      continue;  // long, and without batches
    }
    settings.batch_tokens = batch_tokens;
    analyze(model, "", prompts, settings, wanted, {}, [&](const Analysis&, const Values& values, bool) {
      for (const auto& [key, value] : expected.items()) {
        ASSERT_TRUE(values.contains(key)) << key;
        expect_close(values.at(key), value, key);
      }
    });
  }
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::string model : {"grouped", "deep"}) {
    const Json values = read_values(model);
    for (const auto& [name, value] : values.items()) {
      if (name != "tuned-lens" && name != "early-exit lenses") {  // they need lenses: lens_test.cc
        all.push_back({model, name});
      }
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Of, Golden, testing::ValuesIn(cases()), [](const auto& each) {
  std::string name = each.param.model + "_" + each.param.name;
  for (char& c : name) {
    c = c == '-' || c == ' ' ? '_' : c;
  }
  return name;
});

}  // namespace
}  // namespace cambium::analysis
