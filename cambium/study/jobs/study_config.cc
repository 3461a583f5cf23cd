#include "cambium/study/jobs/study_config.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/text.h"
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
  for (const auto& [name, meaning] : study.values) {
    check_name(name, what + ": values");
    if (name == "out" || name == "here" || name == "variant" || name == "seed" || name == "run" || name == "runs" ||
        name == "seeds") {
      bad_input("{}: values: `{}` has a meaning of its own; expected another name", what, name);
    }
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

/// Keeps those of the extended study's variants that `names` lists, in that order.
void choose(StudyConfig& study, const std::vector<std::string>& names, const formats::TomlTable& reader) {
  std::vector<StudyConfig::Variant> chosen;
  for (const std::string& name : names) {
    const auto variant = std::find_if(study.variants.begin(), study.variants.end(),
                                      [&](const StudyConfig::Variant& v) { return v.name == name; });
    if (variant == study.variants.end()) {
      bad_input("{}: expected variants of the study that this one extends, found `{}`", reader.what("variants"), name);
    }
    chosen.push_back(*variant);
  }
  study.variants = std::move(chosen);
}

/// Gives {name} a meaning, or another one.
void set_value(StudyConfig& study, const std::string& name, std::string value) {
  const auto known =
      std::find_if(study.values.begin(), study.values.end(), [&](const auto& entry) { return entry.first == name; });
  if (known != study.values.end()) {
    known->second = std::move(value);
  } else {
    study.values.emplace_back(name, std::move(value));
  }
}

/// {here}: the folder of the file that says it.
std::vector<std::string> placed(std::vector<std::string> texts, const fs::path& file) {
  constexpr std::string_view kHere = "{here}";
  const std::string folder = file.has_parent_path() ? file.parent_path().string() : ".";
  for (std::string& text : texts) {
    for (size_t at = text.find(kHere); at != std::string::npos; at = text.find(kHere, at + folder.size())) {
      text.replace(at, kHere.size(), folder);
    }
  }
  return texts;
}

/// The study before overrides. `depth`: how many studies extend it.
StudyConfig read_study(const fs::path& file, int depth) {
  constexpr int kMaxDepth = 8;
  const std::string what = file.string();
  const toml::table table = formats::parse_toml(read_file(file, 1 << 20), what);
  formats::TomlTable reader(table, what, "");
  StudyConfig study;
  const std::optional<std::string> extended = reader.text("extends");
  if (extended) {
    if (depth == kMaxDepth) {
      reader.fail("extends", "a chain of at most eight studies that ends");
    }
    study = read_study(file.parent_path() / *extended, depth + 1);
    if (reader.has("variants")) {
      choose(study, reader.texts("variants"), reader);
    }
  } else {
    study.run = file.parent_path() / reader.need_text("run");
    study.set = placed(reader.texts("set"), file);
  }
  study.name = reader.need_text("name");
  check_name(study.name, what);
  study.question = reader.text("question").value_or("");
  study.baseline = reader.text("baseline").value_or(study.baseline);
  study.out = reader.text("out").value_or("runs/" + study.name);
  if (!extended) {
    study.runs = study.out;
  }
  if (!extended || reader.has("seeds")) {
    study.seeds = reader.integers("seeds", 0);
  }
  if (auto values = reader.table("values")) {
    for (const auto& [key, node] : values->raw()) {
      set_value(study, std::string(key.str()), values->need_text(key.str()));
    }
  }
  for (formats::TomlTable& step : reader.tables("prepare")) {
    study.prepare.push_back({.name = step.need_text("name"),
                             .command = placed(step.texts("command"), file),
                             .makes = placed(step.texts("makes"), file)});
    step.finish();
  }
  for (formats::TomlTable& variant : reader.tables("variant")) {
    study.variants.push_back({.name = variant.need_text("name"),
                              .set = placed(variant.texts("set"), file),
                              .after = variant.texts("after")});
    variant.finish();
  }
  if (auto lens = reader.table("lens")) {
    study.lens = placed(lens->texts("options"), file);
    lens->finish();
  }
  if (auto eval = reader.table("eval")) {
    study.tasks = eval->need_text("tasks");
    study.eval = placed(eval->texts("options"), file);
    eval->finish();
  }
  if (auto analyze = reader.table("analyze")) {
    study.analyses = analyze->need_text("analyses");
    study.analyze = placed(analyze->texts("options"), file);
    analyze->finish();
  }
  reader.finish();
  return study;
}

/// The value of "study.out=..." for the key "study.out"; nothing for other keys.
std::optional<std::string_view> value_of(std::string_view assignment, std::string_view key) {
  const bool same = assignment.starts_with(key) && assignment.substr(key.size()).starts_with('=');
  return same ? std::optional(assignment.substr(key.size() + 1)) : std::nullopt;
}

/// "study.NAME=VALUE" for a value that the study has.
void override_value(StudyConfig& study, std::string_view assignment) {
  for (auto& [name, meaning] : study.values) {
    if (const auto value = value_of(assignment, "study." + name)) {
      meaning = *value;
      return;
    }
  }
  std::vector<std::string> known{"study.out", "study.runs", "study.seeds"};
  for (const auto& [name, meaning] : study.values) {
    known.push_back("study." + name);
  }
  bad_input("--set {}: expected {} or a key of the runs' configuration", assignment, join(known, ", "));
}

}  // namespace

StudyConfig load_study(const fs::path& file, const std::vector<std::string>& overrides) {
  StudyConfig study = read_study(file, 0);
  bool together = study.runs == study.out;
  for (const std::string& assignment : overrides) {
    if (const auto out = value_of(assignment, "study.out")) {
      study.out = *out;
    } else if (const auto runs = value_of(assignment, "study.runs")) {
      study.runs = *runs;
      together = false;
    } else if (const auto seeds = value_of(assignment, "study.seeds")) {
      study.seeds = parse_seeds(*seeds);
    } else if (assignment.starts_with("study.")) {
      override_value(study, assignment);
    } else {
      study.set.push_back(assignment);
    }
  }
  if (together) {
    study.runs = study.out;
  }
  check(study, file.string());
  return study;
}

}  // namespace cambium::study
