#include "cambium/eval/tasks/task.h"

#include <algorithm>
#include <array>
#include <map>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/text.h"
#include "cambium/formats/toml_table.h"

namespace cambium::eval {
namespace {

using formats::TomlTable;

struct KindName {
  std::string_view name;
  TaskKind kind;
  std::string_view metrics;  ///< that it has, comma-separated
};
constexpr std::array<KindName, 5> kKinds{{
    {"loglikelihood", TaskKind::kLogLikelihood, "acc,perplexity"},
    {"multiple_choice", TaskKind::kMultipleChoice, "acc,acc_norm,acc_bytes,exact_match"},
    {"generate", TaskKind::kGenerate, "exact_match,em,f1"},
    {"squad", TaskKind::kSquad, "squad_v2"},
    {"rolling", TaskKind::kRolling, "word_perplexity,byte_perplexity,bits_per_byte,nll"},
}};

std::vector<Template> templates(TomlTable& table, std::string_view key) {
  std::vector<Template> result;
  for (const std::string& pattern : table.texts(key)) {
    result.emplace_back(pattern, table.what(key));
  }
  return result;
}

std::string one_of(TomlTable& table, std::string_view key, const std::vector<std::string>& known) {
  const std::string value = table.need_text(key);
  if (std::find(known.begin(), known.end(), value) == known.end()) {
    table.fail(key, "one of " + join(known, ", "));
  }
  return value;
}

Source source_of(TomlTable table) {
  Source source;
  source.form = one_of(table, "form", source_forms());
  if (source.form == "synth") {
    source.synth = table.need_text("synth");
    source.count = table.integer("count", 1).value_or(1000);
    source.seed = static_cast<uint64_t>(table.integer("seed", 0).value_or(1234));
  } else {
    source.file = table.need_text("file");
    source.get = table.need_text("get");
    source.items = source.form == "xml" ? table.need_text("items") : table.text("items").value_or("");
    source.labels = table.text("labels").value_or("");
    source.label_field = source.labels.empty() ? "" : table.need_text("label_field");
  }
  table.finish();
  return source;
}

AnswerFilter filter_of(TomlTable table) {
  AnswerFilter filter;
  filter.name = table.need_text("name");
  filter.strip = table.boolean("strip");
  if (const auto pattern = table.text("find")) {
    filter.find.emplace(*pattern, table.what("find"));
  }
  filter.last = table.boolean("last");
  table.finish();
  return filter;
}

Metric metric_of(TomlTable table, const KindName& kind) {
  Metric metric;
  std::vector<std::string> known;
  for (size_t at = 0; at <= kind.metrics.size();) {
    const size_t end = std::min(kind.metrics.find(',', at), kind.metrics.size());
    known.emplace_back(kind.metrics.substr(at, end - at));
    at = end + 1;
  }
  metric.name = one_of(table, "name", known);
  if (kind.kind == TaskKind::kGenerate && metric.name != "exact_match") {
    metric.style = one_of(table, "style", {"squad", "drop"});
  }
  metric.ignore_case = table.boolean("ignore_case");
  metric.ignore_punctuation = table.boolean("ignore_punctuation");
  metric.numeric = table.boolean("numeric");
  for (const std::string& pattern : table.texts("ignore")) {
    metric.ignore.emplace_back(pattern, table.what("ignore"));
  }
  table.finish();
  return metric;
}

void read_prompt(TomlTable table, Task& task) {
  task.description = table.text("description").value_or("");
  task.target_delimiter = table.text("target_delimiter").value_or(" ");
  if (const auto pattern = table.text("text")) {
    task.text.emplace(*pattern, table.what("text"));
  }
  task.targets = templates(table, "target");
  task.choices = templates(table, "choices");
  task.contexts = templates(table, "contexts");
  if (const auto pattern = table.text("gold")) {
    task.every_choice_right = *pattern == "all";
    if (!task.every_choice_right) {
      task.gold.emplace(*pattern, table.what("gold"));
    }
  }
  const bool choice = task.kind == TaskKind::kMultipleChoice;
  if (choice && task.choices.empty() && task.contexts.empty()) {
    table.fail("choices", "the choices (or `contexts`) of a task of kind multiple_choice");
  }
  if (choice && !task.gold && !task.every_choice_right) {
    table.fail("gold", "the index of the right choice");
  }
  if (task.targets.empty() && (!choice || !task.contexts.empty())) {
    table.fail("target", "what is to be said");
  }
  if (!task.text && task.contexts.empty() && task.kind != TaskKind::kRolling) {
    table.fail("text", "the prompt");
  }
  table.finish();
}

}  // namespace

Task parse_task(std::string_view toml, const std::string& what) {
  const toml::table parsed = formats::parse_toml(toml, what);
  TomlTable top(parsed, what, "");
  Task task;
  task.name = top.need_text("task");
  task.about = top.need_text("about");
  task.group = top.need_text("group");
  task.version = top.need_text("version");
  std::vector<std::string> kinds;
  for (const KindName& kind : kKinds) {
    kinds.emplace_back(kind.name);
  }
  const std::string kind_name = one_of(top, "kind", kinds);
  const KindName& kind = *std::find_if(kKinds.begin(), kKinds.end(), [&](auto& k) { return k.name == kind_name; });
  task.kind = kind.kind;
  auto source = top.table("source");
  if (!source) {
    top.fail("source", "where the items come from");
  }
  task.source = source_of(*source);
  if (auto fields = top.table("fields")) {
    // In the order of the file: a field may use those above it.
    std::vector<std::pair<toml::source_index, std::string>> keys;
    for (const auto& [key, node] : fields->raw()) {
      keys.emplace_back(node.source().begin.line, key.str());
    }
    std::sort(keys.begin(), keys.end());
    for (const auto& [line, key] : keys) {
      task.fields.emplace_back(key, Template(fields->need_text(key), fields->what(key)));
    }
  }
  auto prompt = top.table("prompt");
  if (!prompt) {
    top.fail("prompt", "the prompt");
  }
  read_prompt(*prompt, task);
  if (auto fewshot = top.table("fewshot")) {
    task.num_fewshot = fewshot->integer("count", 0).value_or(0);
    task.fewshot_delimiter = fewshot->text("delimiter").value_or("\n\n");
    if (auto from = fewshot->table("source")) {
      task.fewshot_source = source_of(*from);
    }
    fewshot->finish();
  }
  if (auto generate = top.table("generate")) {
    task.until = generate->texts("until");
    task.max_tokens = generate->integer("max_tokens", 1).value_or(256);
    generate->finish();
  }
  for (TomlTable& filter : top.tables("filter")) {
    task.filters.push_back(filter_of(filter));
  }
  if (task.filters.empty()) {
    task.filters.emplace_back();
  }
  for (TomlTable& metric : top.tables("metric")) {
    task.metrics.push_back(metric_of(metric, kind));
  }
  if (task.metrics.empty()) {
    top.fail("metric", "at least one [[metric]]");
  }
  top.finish();
  return task;
}

Task read_task(const std::filesystem::path& path) {
  constexpr int64_t kMostBytes = 1 << 20;
  return parse_task(read_file(path, kMostBytes), path.string());
}

}  // namespace cambium::eval
