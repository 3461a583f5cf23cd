#include "cambium/study/jobs/study_config.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/formats/toml_table.h"

namespace cambium::study {
namespace fs = std::filesystem;
namespace {

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
  const toml::table table = formats::parse_toml(read_file(file, 1 << 20), what);
  formats::TomlTable reader(table, what, "");
  StudyConfig study;
  study.name = reader.need_text("name");
  check_name(study.name, what);
  study.question = reader.text("question").value_or("");
  study.baseline = reader.text("baseline").value_or("");
  study.out = reader.text("out").value_or("runs/" + study.name);
  study.run = file.parent_path() / reader.need_text("run");
  study.seeds = reader.integers("seeds", 0);
  study.set = reader.texts("set");
  for (formats::TomlTable& step : reader.tables("prepare")) {
    study.prepare.push_back(
        {.name = step.need_text("name"), .command = step.texts("command"), .makes = step.texts("makes")});
    step.finish();
  }
  for (formats::TomlTable& variant : reader.tables("variant")) {
    study.variants.push_back(
        {.name = variant.need_text("name"), .set = variant.texts("set"), .after = variant.texts("after")});
    variant.finish();
  }
  if (auto lens = reader.table("lens")) {
    study.lens = lens->texts("options");
    lens->finish();
  }
  if (auto eval = reader.table("eval")) {
    study.tasks = eval->need_text("tasks");
    study.eval = eval->texts("options");
    eval->finish();
  }
  if (auto analyze = reader.table("analyze")) {
    study.analyses = analyze->need_text("analyses");
    study.analyze = analyze->texts("options");
    analyze->finish();
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
