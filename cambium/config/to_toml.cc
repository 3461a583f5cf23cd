#include <toml++/toml.h>

#include <sstream>

#include "cambium/base/format.h"
#include "cambium/config/keys.h"
#include "cambium/config/run_config.h"
#include "cambium/config/tables.h"

namespace cambium::config {
namespace {

/// "{a = 1, b = 2}", or "none" in quotes.
template <typename Owner>
std::string table_text(const std::vector<Key<Owner>>& keys, const std::optional<Owner>& table) {
  if (!table) {
    return "\"none\"";
  }
  Owner values = *table;
  std::string text;
  for (const auto& key : keys) {
    text += (text.empty() ? "" : ", ") + key.name + " = " + to_toml(key.field(values));
  }
  return "{" + text + "}";
}

template <typename Owner>
std::string list_text(std::string_view name, const std::vector<Key<Owner>>& keys, const std::vector<Owner>& entries) {
  std::string text;
  for (Owner entry : entries) {
    text += format("\n[[{}]]\n", name);
    for (const auto& key : keys) {
      if (const std::string value = to_toml(key.field(entry)); !value.empty()) {
        text += format("{} = {}\n", key.name, value);
      }
    }
  }
  return text;
}

std::optional<LoopTable> loop_table(const std::optional<model::Loop>& loop) {
  return loop ? std::optional(LoopTable{{loop->first, loop->last}, loop->times}) : std::nullopt;
}

/// What follows a key in its section: the tables and lists that belong there.
std::string behind(const std::string& key, const RunConfig& config) {
  if (key == "model.rope_theta") {
    return format("rope_scaling = {}\n", table_text(rope_keys(), config.model.architecture.rope_scaling));
  }
  if (key == "model.layer_norm_scaling") {
    return format("loop = {}\n", table_text(loop_keys(), loop_table(config.model.architecture.loop)));
  }
  if (key == "growth.scaling_index") {
    return format("symmetrize = {}\n", table_text(symmetrize_keys(), config.growth.symmetrize)) +
           list_text(kEvents, event_keys(), config.growth.event);
  }
  return key == "data.document_mask" ? list_text(kSources, source_keys(), config.data.source) : "";
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
    text += behind(key.full_name(), config);
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
  add_docs(loop_keys(), docs);
  add_docs(symmetrize_keys(), docs);
  add_docs(event_keys(), docs);
  add_docs(source_keys(), docs);
  return docs;
}

}  // namespace cambium::config
