#include <toml++/toml.h>

#include <sstream>

#include "cambium/base/format.h"
#include "cambium/config/keys.h"
#include "cambium/config/run_config.h"

namespace cambium::config {
namespace {

constexpr std::string_view kSourceTitle = "[[data.source]]";

std::string rope_text(const std::optional<model::Llama3Rope>& rope) {
  if (!rope) {
    return "\"none\"";
  }
  model::Llama3Rope values = *rope;
  std::string text;
  for (const auto& key : rope_keys()) {
    text += (text.empty() ? "" : ", ") + key.name + " = " + to_toml(key.field(values));
  }
  return "{" + text + "}";
}

std::string source_text(const DataSource& source) {
  DataSource values = source;
  std::string text = format("\n{}\n", kSourceTitle);
  for (const auto& key : source_keys()) {
    if (const std::string value = to_toml(key.field(values)); !value.empty()) {
      text += format("{} = {}\n", key.name, value);
    }
  }
  return text;
}

template <typename Owner>
void add_docs(const std::vector<Key<Owner>>& keys, std::vector<KeyDoc>& docs) {
  Owner defaults{};
  for (const auto& key : keys) {
    const Field field = key.field(defaults);
    docs.push_back({key.full_name(), type_name(field, key.rule),
                    key.default_text.empty() ? to_toml(field) : key.default_text, key.sentence});
  }
}

}  // namespace

std::string to_toml(const RunConfig& config) {
  RunConfig values = config;  // fields are reached through pointers to a mutable configuration
  std::string text;
  std::string section;
  for (const auto& key : run_keys()) {
    if (key.section != section) {
      section = key.section;
      text += format("{}[{}]\n", text.empty() ? "" : "\n", section);
    }
    text += format("{} = {}\n", key.name, to_toml(key.field(values)));
    if (key.full_name() == "model.rope_theta") {
      text += format("rope_scaling = {}\n", rope_text(config.model.architecture.rope_scaling));
    }
    if (key.full_name() == "data.document_mask") {
      for (const DataSource& source : config.data.source) {
        text += source_text(source);
      }
    }
  }
  return text;
}

formats::Json to_json(const RunConfig& config) {
  const toml::table table = toml::parse(to_toml(config));
  std::ostringstream text;
  text << toml::json_formatter(table);
  return formats::parse_json(text.str(), "configuration");
}

std::string markdown_row(const KeyDoc& doc) {
  return format("| `{}` | {} | {} | {} |", doc.key, doc.type, doc.default_value, doc.sentence);
}

std::vector<KeyDoc> key_docs() {
  std::vector<KeyDoc> docs;
  add_docs(run_keys(), docs);
  add_docs(rope_keys(), docs);
  add_docs(source_keys(), docs);
  return docs;
}

}  // namespace cambium::config
