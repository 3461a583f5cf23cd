#pragma once

#include <toml++/toml.h>

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/config/origins.h"

namespace cambium::config {

/// A value under its full key ("train.steps", "data.source.0.path", "model.rope_scaling.factor").
struct Assignment {
  const toml::node* value;
  Place place;
  std::string raw;  ///< the text behind `=` of a `--set`
};

/// A top-level key: the configuration that this one is laid over, or several, laid one over the other; paths are
/// relative to this one's folder.
constexpr std::string_view kExtends = "extends";
/// Its paths; none where the text has no such key. Throws InvalidInput where it holds something else.
std::vector<std::string> extended_files(std::string_view toml, std::string_view what);

/// The flat view of a configuration file and the overrides laid over it: the last value of each key. It knows the shape
/// of a configuration (sections of keys, the tables of tables.h), but not the keys.
class Layers {
 public:
  /// Lays a file's text over what is there. Throws InvalidInput where it is no TOML.
  void add_file(std::string_view toml, std::string_view what);
  /// `KEY=VALUE`; VALUE is TOML, or a bare word taken as a string. Throws InvalidInput where there is no key.
  void override_with(const std::string& assignment);

  const std::map<std::string, Assignment>& values() const { return values_; }
  const std::map<std::string, Place>& sections() const { return sections_; }

 private:
  void add(const std::string& key, const Assignment& assignment);
  void add_table(const std::string& key, const toml::table& table, const Assignment& from);
  void forget(const std::string& key);

  std::deque<toml::table> tables_;  ///< own the nodes of `values_`
  std::map<std::string, Assignment> values_;
  std::map<std::string, Place> sections_;
};

}  // namespace cambium::config
