#include "cambium/study/jobs/study_config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/text.h"

namespace cambium::study {
namespace fs = std::filesystem;
namespace {

/// A table of the file, read key by key; what was not asked for is an error.
class Reader {
 public:
  Reader(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  std::string text(std::string_view key, bool needed = false) {
    const toml::node* node = find(key, needed);
    if (node == nullptr) {
      return "";
    }
    if (!node->is_string()) {
      fail(key, *node, "a text");
    }
    return **node->as_string();
  }

  std::vector<std::string> texts(std::string_view key) {
    std::vector<std::string> found;
    const toml::node* node = find(key, false);
    if (node != nullptr && !node->is_array()) {
      fail(key, *node, "a list of texts");
    }
    for (size_t i = 0; node != nullptr && i < node->as_array()->size(); ++i) {
      const toml::node& entry = *node->as_array()->get(i);
      if (!entry.is_string()) {
        fail(key, entry, "a list of texts");
      }
      found.push_back(**entry.as_string());
    }
    return found;
  }

  std::vector<int64_t> numbers(std::string_view key) {
    std::vector<int64_t> found;
    const toml::node* node = find(key, true);
    if (!node->is_array() || node->as_array()->empty()) {
      fail(key, *node, "a list of seeds");
    }
    for (const toml::node& entry : *node->as_array()) {
      if (!entry.is_integer() || **entry.as_integer() < 0) {
        fail(key, entry, "a list of seeds, integers from 0");
      }
      found.push_back(**entry.as_integer());
    }
    return found;
  }

  /// The tables under a key: [[variant]] or [eval].
  std::vector<Reader> tables(std::string_view key, bool list) {
    std::vector<Reader> found;
    const toml::node* node = find(key, false);
    if (node == nullptr) {
      return found;
    }
    if (list ? !node->is_array() : !node->is_table()) {
      fail(key, *node, list ? "a list of tables" : "a table");
    }
    if (!list) {
      found.emplace_back(*node->as_table(), where_of(key));
      return found;
    }
    for (const toml::node& entry : *node->as_array()) {
      if (!entry.is_table()) {
        fail(key, entry, "a list of tables");
      }
      found.emplace_back(*entry.as_table(), where_of(key));
    }
    return found;
  }

  /// Throws InvalidInput at a key that nothing asked for.
  void finish() const {
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      if (!asked_.contains(name)) {
        const std::string near = nearest(name, {asked_.begin(), asked_.end()});
        bad_input("{}: unknown key `{}` (line {}){}", where_, name, node.source().begin.line,
                  near.empty() ? "" : "; did you mean `" + near + "`?");
      }
    }
  }

 private:
  const toml::node* find(std::string_view key, bool needed) {
    asked_.insert(std::string(key));
    const toml::node* node = table_.get(key);
    if (node == nullptr && needed) {
      bad_input("{}: key `{}` is missing", where_, key);
    }
    return node;
  }
  std::string where_of(std::string_view key) const { return format("{}: {}", where_, key); }
  [[noreturn]] void fail(std::string_view key, const toml::node& node, std::string_view expected) const {
    bad_input("{}: key `{}` (line {}): expected {}", where_, key, node.source().begin.line, expected);
  }

  const toml::table& table_;
  std::string where_;
  std::set<std::string> asked_;
};

/// A name that is part of paths and of the names of jobs.
void check_name(const std::string& name, const std::string& what) {
  const bool plain = !name.empty() && name.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789-_.") == std::string::npos;
  if (!plain || name.front() == '.') {
    bad_input("{}: name `{}`: expected letters, digits, - and _", what, name);
  }
}

std::vector<int64_t> parse_seeds(std::string_view text) {
  std::vector<int64_t> seeds;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    int64_t seed = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + comma, seed);
    if (error != std::errc() || end != text.data() + comma || seed < 0) {
      bad_input("--set study.seeds: expected numbers like 1,2,3, found `{}`", text);
    }
    seeds.push_back(seed);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return seeds;
}

void check(const StudyConfig& study, const std::string& what) {
  std::set<std::string> names;
  for (const StudyConfig::Variant& variant : study.variants) {
    check_name(variant.name, what + ": variant");
    for (const std::string& before : variant.after) {
      if (!names.contains(before)) {
        bad_input("{}: variant {}: `after`: expected a variant above it, found `{}`", what, variant.name, before);
      }
    }
    if (!names.insert(variant.name).second) {
      bad_input("{}: variant `{}` stands there twice", what, variant.name);
    }
  }
  if (names.empty()) {
    bad_input("{}: expected at least one [[variant]]", what);
  }
  if (!study.baseline.empty() && !names.contains(study.baseline)) {
    bad_input("{}: key `baseline`: expected the name of a variant, found `{}`", what, study.baseline);
  }
  std::set<std::string> prepared;
  for (const StudyConfig::Prepare& step : study.prepare) {
    check_name(step.name, what + ": prepare");
    if (!prepared.insert(step.name).second || step.command.empty() || step.makes.empty()) {
      bad_input("{}: prepare {}: expected a name of its own, a `command` and what it `makes`", what, step.name);
    }
  }
  if (std::set(study.seeds.begin(), study.seeds.end()).size() != study.seeds.size() || study.seeds.empty()) {
    bad_input("{}: key `seeds`: expected different seeds, at least one", what);
  }
}

}  // namespace

StudyConfig load_study(const fs::path& file, const std::vector<std::string>& overrides) {
  const std::string what = file.string();
  toml::table table;
  try {
    table = toml::parse(read_file(file, 1 << 20), what);
  } catch (const toml::parse_error& error) {
    bad_input("{}: line {}: {}", what, error.source().begin.line, error.description());
  }
  Reader reader(table, what);
  StudyConfig study;
  study.name = reader.text("name", true);
  check_name(study.name, what);
  study.question = reader.text("question");
  study.baseline = reader.text("baseline");
  const std::string out = reader.text("out");
  study.out = out.empty() ? fs::path("runs") / study.name : fs::path(out);
  study.run = file.parent_path() / reader.text("run", true);
  study.seeds = reader.numbers("seeds");
  study.set = reader.texts("set");
  for (Reader& step : reader.tables("prepare", true)) {
    study.prepare.push_back(
        {.name = step.text("name", true), .command = step.texts("command"), .makes = step.texts("makes")});
    step.finish();
  }
  for (Reader& variant : reader.tables("variant", true)) {
    study.variants.push_back(
        {.name = variant.text("name", true), .set = variant.texts("set"), .after = variant.texts("after")});
    variant.finish();
  }
  for (Reader& lens : reader.tables("lens", false)) {
    study.lens = lens.texts("options");
    lens.finish();
  }
  for (Reader& eval : reader.tables("eval", false)) {
    study.tasks = eval.text("tasks", true);
    study.eval = eval.texts("options");
    eval.finish();
  }
  for (Reader& analyze : reader.tables("analyze", false)) {
    study.analyses = analyze.text("analyses", true);
    study.analyze = analyze.texts("options");
    analyze.finish();
  }
  reader.finish();
  for (const std::string& assignment : overrides) {
    if (assignment.starts_with("study.out=")) {
      study.out = assignment.substr(std::string_view("study.out=").size());
    } else if (assignment.starts_with("study.seeds=")) {
      study.seeds = parse_seeds(std::string_view(assignment).substr(std::string_view("study.seeds=").size()));
    } else {
      study.set.push_back(assignment);
    }
  }
  check(study, what);
  return study;
}

}  // namespace cambium::study
