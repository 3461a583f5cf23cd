#include "cambium/config/layers.h"

#include "cambium/config/tables.h"
#include "cambium/formats/toml_table.h"

namespace cambium::config {
namespace {

/// `v = VALUE` as TOML, or VALUE as a string where it is none (or more than one value).
toml::table parse_value(const std::string& value) {
  try {
    toml::table table = toml::parse("v = " + value);
    if (table.size() == 1 && table.contains("v")) {
      return table;
    }
  } catch (const toml::parse_error&) {
    // a bare word: the string below
  }
  return toml::table{{"v", value}};
}

}  // namespace

std::vector<std::string> extended_files(std::string_view toml, std::string_view what) {
  std::vector<std::string> files;
  toml::table table;
  try {
    table = toml::parse(toml, std::string(what));
  } catch (const toml::parse_error&) {
    return files;  // add_file says what is wrong
  }
  const toml::node* value = table.get(kExtends);
  if (value == nullptr) {
    return files;
  }
  const auto add = [&](const toml::node& path) {
    if (!path.is_string() || path.as_string()->get().empty()) {
      bad_input("{}: `{}` (line {}): expected the path of a configuration, or a list of them", what, kExtends,
                value->source().begin.line);
    }
    files.push_back(path.as_string()->get());
  };
  if (const toml::array* list = value->as_array()) {
    for (const toml::node& path : *list) {
      add(path);
    }
  } else {
    add(*value);
  }
  return files;
}

void Layers::add_file(std::string_view toml, std::string_view what) {
  const std::string file(what);
  tables_.push_back(formats::parse_toml(toml, file));
  for (const auto& [section, node] : tables_.back()) {
    const std::string name(section.str());
    if (name == kExtends) {
      continue;
    }
    const Assignment entry{&node, Place{file, section.source().begin.line}, {}};
    if (const toml::table* table = node.as_table()) {
      sections_[name] = entry.place;
      add_table(name, *table, entry);
    } else {
      add(name, entry);
    }
  }
}

void Layers::override_with(const std::string& assignment) {
  const std::string what = "--set " + assignment;
  const size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    bad_input("{}: expected KEY=VALUE, for example train.steps=200", what);
  }
  const auto without_spaces = [](std::string text) {
    text.erase(0, text.find_first_not_of(' '));
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  };
  const std::string key = without_spaces(assignment.substr(0, equals));
  const std::string value = without_spaces(assignment.substr(equals + 1));
  tables_.push_back(parse_value(value));
  add(key, Assignment{tables_.back().get("v"), Place{what, 0}, value});
}

void Layers::add(const std::string& key, const Assignment& assignment) {
  if (is_one_of(kTables, key)) {
    forget(key);
    if (const toml::table* table = assignment.value->as_table()) {
      add_table(key, *table, assignment);
      return;
    }
  }
  if (is_one_of(kLists, key)) {
    forget(key);
    if (const toml::array* entries = assignment.value->as_array()) {
      for (size_t i = 0; i < entries->size(); ++i) {
        const std::string name = format("{}.{}", key, i);
        if (const toml::table* table = entries->get(i)->as_table()) {
          add_table(name, *table, assignment);
        } else {
          values_[name] = Assignment{entries->get(i), assignment.place, {}};
        }
      }
      return;
    }
  }
  for (const std::string_view table : kTables) {
    if (key.starts_with(format("{}.", table))) {
      values_.erase(std::string(table));  // a value for the table that a bare "none" had switched off
    }
  }
  values_[key] = assignment;
}

void Layers::add_table(const std::string& key, const toml::table& table, const Assignment& from) {
  for (const auto& [name, node] : table) {
    const Place place = from.place.overridden() ? from.place : Place{from.place.what, name.source().begin.line};
    add(format("{}.{}", key, name.str()), Assignment{&node, place, {}});
  }
}

void Layers::forget(const std::string& key) {
  std::erase_if(values_, [&](const auto& entry) { return entry.first == key || entry.first.starts_with(key + '.'); });
}

}  // namespace cambium::config
