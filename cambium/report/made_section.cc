#include <algorithm>
#include <map>

#include "cambium/base/format.h"
#include "cambium/base/hash.h"
#include "cambium/base/progress.h"
#include "cambium/base/text.h"
#include "cambium/report/section.h"

namespace cambium::report {
namespace fs = std::filesystem;
namespace {

using formats::Json;

/// "train.steps" -> "200", every key of a configuration.
std::map<std::string, std::string> flat(const config::RunConfig& config) {
  std::map<std::string, std::string> found;
  const Json json = config::to_json(config);
  for (const auto& [section, keys] : json.items()) {
    if (keys.is_object()) {
      for (const auto& [key, value] : keys.items()) {
        found[section + "." + key] = value.is_string() ? value.get<std::string>() : value.dump();
      }
    }
  }
  return found;
}

/// The keys in which variants differ; of a variant, the values of all its runs.
std::string differences(const Collection& collection) {
  std::map<std::string, std::vector<std::string>> keys;
  size_t known = 0;
  for (size_t v = 0; v < collection.variants.size(); ++v) {
    for (const Run& run : collection.variants[v].runs) {
      known += run.config ? 1 : 0;
      for (const auto& [key, value] : run.config ? flat(*run.config) : std::map<std::string, std::string>()) {
        std::vector<std::string>& values = keys[key];
        values.resize(collection.variants.size());
        if (values[v].find(value) == std::string::npos || values[v].empty()) {
          values[v] += (values[v].empty() ? "" : ", ") + value;
        }
      }
    }
  }
  Table table;
  table.head = {"key"};
  for (size_t v = 0; v < collection.variants.size(); ++v) {
    table.head.push_back(variant_name(collection, v));
  }
  for (const auto& [key, values] : keys) {
    const bool same = std::ranges::count(values, values.front()) == std::ssize(values);
    if (!same && key != "run.dir" && key != "run.seed") {
      std::vector<std::string> cells{element("code", escape(key))};
      for (const std::string& value : values) {
        cells.push_back(value.empty() ? "<span class=\"none\">–</span>" : element("code", escape(value)));
      }
      table.rows.push_back({.cells = std::move(cells)});
    }
  }
  if (known < 2) {
    return "";
  }
  return "<h3>What differs between variants</h3>" +
         (table.rows.empty() ? element("p", "Nothing but directories and seeds.") : table.html("keys"));
}

std::string runs_table(const Collection& collection, const Links& links) {
  Table table;
  table.head = {"variant", "seed", "files", "steps", "tokens", "time", "ran as"};
  for (size_t v = 0; v < collection.variants.size(); ++v) {
    for (const Run& run : collection.variants[v].runs) {
      std::string files;
      const auto add = [&](const fs::path& file, const char* name) {
        if (!file.empty() && fs::exists(file)) {
          files += links.link(file, name) + " ";
        }
      };
      add(run.config_file(), "configuration");
      add(run.metrics_file(), "metrics");
      add(run.directory / "log.txt", "log");
      add(run.checkpoint / "manifest.json", "checkpoint’s hashes");
      if (files.empty()) {
        files = links.name(run.directory);
      }
      std::vector<std::string> log;
      for (const std::string& line : run.log) {
        log.push_back(escape(line));
      }
      const bool trained = !run.points.empty();
      table.rows.push_back({.cells = {variant_name(collection, v), escape(run.seed), files,
                                      trained ? format_count(static_cast<int64_t>(run.points.back().step)) : "–",
                                      trained ? format_count(static_cast<int64_t>(run.points.back().tokens)) : "–",
                                      trained ? format_duration(run.points.back().seconds) : "–",
                                      element("span", join(log, "<br>"), "note")}});
    }
  }
  return "<h3>Runs</h3>" + table.html("runs");
}

/// The token datasets that runs read, where they are still there: the hash of a dataset's manifest stands for all its
/// files, whose hashes it holds.
std::string data_table(const Collection& collection, const Links& links) {
  std::map<std::string, std::vector<std::string>> readers;
  for (const Variant& variant : collection.variants) {
    for (const Run& run : variant.runs) {
      for (const config::DataSource& source :
           run.config ? run.config->data.source : std::vector<config::DataSource>()) {
        std::vector<std::string>& names = readers[source.path];
        if (std::find(names.begin(), names.end(), variant.name) == names.end()) {
          names.push_back(variant.name);
        }
      }
    }
  }
  Table table;
  table.head = {"dataset", "read by", "XXH3-128 of its manifest"};
  for (const auto& [path, names] : readers) {
    const fs::path manifest = fs::path(path) / "manifest.json";
    const bool there = fs::is_regular_file(manifest);
    table.rows.push_back(
        {.cells = {there ? links.link(manifest, escape(path)) : escape(path), escape(join(names, ", ")),
                   there ? element("code", hash_file(manifest)) : "not found from here"}});
  }
  return table.rows.empty() ? "" : "<h3>Data</h3>" + table.html("data");
}

std::string measurements(const Collection& collection, const Links& links) {
  Table table;
  table.head = {"file", "settings"};
  for (const Evaluation& evaluation : collection.evaluations) {
    table.rows.push_back({.cells = {links.name(evaluation.file), element("code", escape(evaluation.settings.dump()))}});
  }
  std::map<std::string, std::vector<std::string>> prompts;
  for (const Variant& variant : collection.variants) {
    for (const Run& run : variant.runs) {
      for (const auto& [name, analysis] : run.analyses) {
        const Json& json = analysis.json;
        const std::string text = format("prompts {}, seed {}", json.contains("prompts") ? json["prompts"].dump() : "?",
                                        json.contains("seed") ? json["seed"].dump() : "?");
        prompts[text].push_back(links.link(analysis.file, escape(name), variant.name + " seed " + run.seed));
      }
    }
  }
  for (const auto& [text, files] : prompts) {
    table.rows.push_back({.cells = {join(files, " "), element("code", escape(text))}});
  }
  for (const fs::path& file : collection.not_shown) {
    table.rows.push_back(
        {.cells = {links.name(file), "not shown: another file of the same analysis and run stands before it"}});
  }
  return table.rows.empty() ? ""
                            : "<details class=\"more\"><summary>Evaluations and analyses</summary>" +
                                  table.html("files") + "</details>";
}

std::string commands(const Collection& collection) {
  std::string lines, facts;
  for (const StudyFile& study : collection.studies) {
    for (const StudyFile::Command& fact : study.machine) {
      facts += element("dt", escape(fact.job)) + element("dd", escape(fact.line));
    }
    for (const StudyFile::Command& command : study.commands) {
      lines += escape(command.line) + "\n";
    }
  }
  if (lines.empty()) {
    for (const Variant& variant : collection.variants) {
      for (const Run& run : variant.runs) {
        if (run.config) {
          lines += "cambium train " + escape(run.config_file().string()) + "\n";
        }
      }
    }
  }
  return (facts.empty() ? "" : "<h3>Machine</h3><dl>" + facts + "</dl>") +
         (lines.empty() ? "" : "<h3>Commands</h3><pre>" + lines + "</pre>");
}

std::string configurations(const Collection& collection) {
  std::string out;
  for (size_t v = 0; v < collection.variants.size(); ++v) {
    const auto run = std::find_if(collection.variants[v].runs.begin(), collection.variants[v].runs.end(),
                                  [](const Run& r) { return r.config.has_value(); });
    if (run != collection.variants[v].runs.end()) {
      out += format("<details class=\"more\"><summary>{}, seed {}</summary><pre>{}</pre></details>",
                    variant_name(collection, v), escape(run->seed), escape(config::to_toml(*run->config)));
    }
  }
  return out.empty() ? "" : "<h3>Configurations</h3>" + out;
}

}  // namespace

Section made_section(const Collection& collection, const Links& links) {
  return {.id = "made",
          .title = "How this was made",
          .body = runs_table(collection, links) + differences(collection) + data_table(collection, links) +
                  commands(collection) + configurations(collection) + measurements(collection, links)};
}

}  // namespace cambium::report
