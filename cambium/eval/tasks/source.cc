#include "cambium/eval/tasks/source.h"

#include <algorithm>
#include <functional>

#include "cambium/base/error.h"
#include "cambium/data/synth/item.h"
#include "cambium/eval/tasks/xml_items.h"
#include "cambium/formats/streams.h"

namespace cambium::eval {
namespace fs = std::filesystem;
namespace {

using formats::Json;

/// Stops a reader when enough items were read.
class Collector {
 public:
  explicit Collector(std::optional<int64_t> limit) : limit_(limit) {}
  bool full() const { return limit_ && static_cast<int64_t>(documents_.size()) >= *limit_; }
  void add(Json value, std::string place) {
    if (!full()) {
      documents_.push_back({std::move(value), std::move(place)});
    }
  }
  std::vector<Document> take() { return std::move(documents_); }

 private:
  std::optional<int64_t> limit_;
  std::vector<Document> documents_;
};

std::optional<fs::path> find_file(const std::string& name, const fs::path& data) {
  for (const char* ending : {"", ".zst", ".gz"}) {
    const fs::path path = data / (name + ending);
    if (fs::is_regular_file(path)) {
      return path;
    }
  }
  return std::nullopt;
}

fs::path need_file(const std::string& name, const Source& source, const fs::path& data) {
  if (const auto path = find_file(name, data)) {
    return *path;
  }
  bad_input("{}", *missing_file(source, data));
}

void read_json_lines(const fs::path& path, Collector& out,
                     const std::function<void(Json&, const std::string&)>& add = nullptr) {
  formats::LineReader lines(formats::open_input(path), path.string());
  std::string line;
  while (!out.full() && lines.next(line)) {
    const std::string place = format("{}: line {}", path.string(), lines.line_number());
    if (line.empty()) {
      continue;
    }
    Json value = formats::parse_json(line, place);
    if (!value.is_object()) {
      bad_input("{}: expected an object, found {}", place, value.type_name());
    }
    if (add) {
      add(value, place);
    }
    out.add(std::move(value), place);
  }
}

/// "dialogue": the questions and answers so far as turns, up to the last question, whose answer is left open.
void add_dialogue(Json& item, const std::string& place) {
  const formats::JsonView view(item, place);
  const Json &questions = view.at("questions"), &answers = view.at("answers");
  const auto is_text = [](const Json& entry) { return entry.is_string(); };
  if (!questions.is_array() || !answers.is_array() || questions.empty() || questions.size() != answers.size() ||
      !std::all_of(questions.begin(), questions.end(), is_text) ||
      !std::all_of(answers.begin(), answers.end(), is_text)) {
    bad_input("{}: expected as many `questions` as `answers`, all texts", place);
  }
  std::string dialogue;
  for (size_t i = 0; i < questions.size(); ++i) {
    dialogue += "Q: ";
    dialogue += questions[i].get_ref<const std::string&>();
    dialogue += "\n\nA:";
    if (i + 1 < answers.size()) {
      dialogue += " ";
      dialogue += answers[i].get_ref<const std::string&>();
      dialogue += "\n\n";
    }
  }
  item["dialogue"] = dialogue;
}

void read_lines(const fs::path& path, Collector& out) {
  formats::LineReader lines(formats::open_input(path), path.string());
  std::string line;
  while (!out.full() && lines.next(line)) {
    out.add(Json{{"text", line}}, format("{}: line {}", path.string(), lines.line_number()));
  }
}

void read_json_list(const fs::path& path, const std::string& key, Collector& out) {
  const Json json = formats::parse_json(formats::read_input(path), path.string());
  const Json* list = &json;
  if (!key.empty()) {
    list = &formats::JsonView(json, path.string()).at(key);
  }
  if (!list->is_array()) {
    bad_input("{}: expected a list of items, found {}", path.string(), list->type_name());
  }
  for (size_t i = 0; i < list->size(); ++i) {
    const std::string place = format("{}: item {}", path.string(), i);
    if (!(*list)[i].is_object()) {
      bad_input("{}: expected an object, found {}", place, (*list)[i].type_name());
    }
    out.add((*list)[i], place);
  }
}

void read_squad(const fs::path& path, Collector& out) {
  const Json json = formats::parse_json(formats::read_input(path), path.string());
  for (const Json& article : formats::JsonView(json, path.string()).list("data", "articles")) {
    const formats::JsonView view(article, path.string());
    for (const Json& paragraph : view.list("paragraphs")) {
      const formats::JsonView inside(paragraph, path.string());
      for (const Json& question : inside.list("qas", "questions")) {
        const formats::JsonView asked(question, path.string());
        const std::string id = asked.has("id") ? asked.string("id") : "without an id";
        Json item{{"title", view.has("title") ? view.string("title") : ""}, {"context", inside.string("context")}};
        item.update(question);
        out.add(std::move(item), format("{}: question {}", path.string(), id));
      }
    }
  }
}

void read_hellaswag(const fs::path& path, Collector& out) {
  constexpr int kEndings = 4;
  formats::LineReader lines(formats::open_input(path), path.string());
  std::string line;
  while (!out.full() && lines.next(line)) {
    const int64_t first = lines.line_number();
    if (line.empty()) {
      continue;
    }
    Json item{{"query", line}, {"label", 0}, {"choices", Json::array()}};
    if (!lines.next(line) || line.size() != 1 || line[0] < '0' || line[0] >= '0' + kEndings) {
      bad_input("{}: line {}: expected the number of the right ending, 0 to 3, found `{}`", path.string(), first + 1,
                line);
    }
    item["label"] = line[0] - '0';
    for (int ending = 0; ending < kEndings; ++ending) {
      if (!lines.next(line)) {
        bad_input("{}: line {}: expected six lines an item (context, label, four endings), found the end of the file",
                  path.string(), lines.line_number());
      }
      item["choices"].push_back(line);
    }
    out.add(std::move(item), format("{}: line {}", path.string(), first));
  }
}

void draw_synth(const Source& source, Collector& out) {
  const auto tasks = data::select_synth_tasks(source.synth);
  CounterRandom random(source.seed, "eval." + source.synth);
  for (int64_t i = 0; i < source.count && !out.full(); ++i) {
    const data::SynthTask& task = *tasks[static_cast<size_t>(i) % tasks.size()];
    data::SynthItem item = data::make_item(task, random, data::SynthSplit::kHeldout);
    out.add(Json{{"prompt", item.prompt}, {"answer", item.answer}, {"task", item.task}},
            format("{}: item {}", source.synth, i));
  }
}

void add_labels(const Source& source, const fs::path& data, std::vector<Document>& documents) {
  const fs::path path = need_file(source.labels, source, data);
  formats::LineReader lines(formats::open_input(path), path.string());
  std::string line;
  for (Document& document : documents) {
    if (!lines.next(line)) {
      bad_input("{}: line {}: expected one label for each of the items, found the end of the file", path.string(),
                lines.line_number());
    }
    document.value[source.label_field] = line;
  }
}

}  // namespace

const std::vector<std::string>& source_forms() {
  static const std::vector<std::string> forms{"jsonl", "json", "hellaswag", "squad", "coqa", "xml", "lines", "synth"};
  return forms;
}

std::optional<std::string> missing_file(const Source& source, const fs::path& data) {
  for (const std::string& name : {source.file, source.labels}) {
    if (!name.empty() && !find_file(name, data)) {
      return format("{}: missing; expected {} (--data names the folder)", (data / name).string(), source.get);
    }
  }
  return std::nullopt;
}

std::vector<Document> read_source(const Source& source, const fs::path& data, std::optional<int64_t> limit) {
  Collector out(limit);
  std::string where = source.synth;
  if (source.form == "synth") {
    draw_synth(source, out);
  } else {
    const fs::path path = need_file(source.file, source, data);
    where = path.string();
    if (source.form == "jsonl") {
      read_json_lines(path, out);
    } else if (source.form == "coqa") {
      read_json_lines(path, out, add_dialogue);
    } else if (source.form == "json") {
      read_json_list(path, source.items, out);
    } else if (source.form == "hellaswag") {
      read_hellaswag(path, out);
    } else if (source.form == "squad") {
      read_squad(path, out);
    } else if (source.form == "xml") {
      read_xml_items(formats::read_input(path), path.string(), source.items,
                     [&](Json item, const std::string& place) { out.add(std::move(item), place); });
    } else {
      read_lines(path, out);
    }
  }
  std::vector<Document> documents = out.take();
  if (documents.empty()) {
    bad_input("{}: empty: expected at least one item", where);
  }
  if (!source.labels.empty()) {
    add_labels(source, data, documents);
  }
  return documents;
}

}  // namespace cambium::eval
