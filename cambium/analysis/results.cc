#include "cambium/analysis/results.h"

#include <algorithm>

#include "cambium/base/files.h"
#include "cambium/base/format.h"

namespace cambium::analysis {
namespace {

using formats::Json;

/// One line a number: name,i,j,k,value with empty fields where an array has fewer indices.
void add_lines(const std::string& name, const Json& value, std::vector<size_t>& indices, std::string& out) {
  if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      indices.push_back(i);
      add_lines(name, value[i], indices, out);
      indices.pop_back();
    }
    return;
  }
  const auto index = [&](size_t i) { return i < indices.size() ? format("{}", indices[i]) : std::string(); };
  const std::string number = value.is_string() ? value.get<std::string>() : value.is_null() ? "" : value.dump();
  out += format("{},{},{},{},{}\n", name, index(0), index(1), index(2), number);
}

}  // namespace

void write_results(const std::filesystem::path& directory, const Results& results) {
  const Json json{{"analysis", results.analysis.name},
                  {"model", results.model},
                  {"definition", results.analysis.definition},
                  {"prompts",
                   {{"source", results.prompts.source},
                    {"count", results.prompts.prompts.size()},
                    {"tokens", results.prompts.tokens()},
                    {"hash", results.prompts.hash}}},
                  {"seed", results.seed},
                  {"key", results.key},
                  {"values", results.values}};
  std::string csv = "name,i,j,k,value\n";
  for (const auto& [name, value] : results.values.items()) {
    std::vector<size_t> indices;
    add_lines(name, value, indices, csv);
  }
  const std::string name(results.analysis.name);
  write_file_atomic(directory / (name + ".csv"), csv);
  write_file_atomic(directory / (name + ".json"), json.dump() + "\n");
}

std::optional<Values> finished_values(const std::filesystem::path& directory, const Analysis& analysis,
                                      const std::string& key) {
  const std::filesystem::path file = directory / (std::string(analysis.name) + ".json");
  if (!std::filesystem::exists(file)) {
    return std::nullopt;
  }
  const Json json = Json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  const bool same = json.is_object() && json.contains("key") && json["key"] == key && json.contains("values");
  return same ? std::optional<Values>(json["values"]) : std::nullopt;
}

}  // namespace cambium::analysis
