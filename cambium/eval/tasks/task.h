#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cambium/eval/tasks/source.h"
#include "cambium/eval/tasks/template.h"
#include "cambium/text/regex.h"

namespace cambium::eval {

/// What is asked about each item, and with that which metrics there are.
enum class TaskKind {
  kLogLikelihood,   ///< of the target: acc (every token is the arg-max), perplexity
  kMultipleChoice,  ///< of each choice: acc, acc_norm, acc_bytes, exact_match
  kGenerate,        ///< a greedy continuation: exact_match, em, f1
  kSquad,           ///< a continuation, and the likelihood of "unanswerable": SQuAD 2.0's metrics
  kRolling,         ///< of a text: word_perplexity, byte_perplexity, bits_per_byte, nll by source and position
};

/// What is made of a generated text before it is compared. Results carry the name ("exact_match,remove_whitespace").
struct AnswerFilter {
  std::string name = "none";
  bool strip = false;
  std::optional<text::Regex> find;  ///< the answer is a match of this, "[invalid]" where there is none
  bool last = false;                ///< the last match, not the first
};

struct Metric {
  std::string name;
  std::string style;  ///< of em and f1: "squad" or "drop"
  bool ignore_case = false, ignore_punctuation = false;
  bool numeric = false;             ///< numbers are compared by value
  std::vector<text::Regex> ignore;  ///< matches are removed on both sides first
};

/// One task file.
struct Task {
  std::string name, about, group, version;
  TaskKind kind = TaskKind::kLogLikelihood;
  Source source;
  std::vector<std::pair<std::string, Template>> fields;  ///< made from an item before all else, in this order

  std::string description;
  std::string target_delimiter = " ";
  std::optional<Template> text;   ///< prompt
  std::vector<Template> targets;  ///< what is to be said; of several (or of a list) any is right
  std::vector<Template> choices;  ///< of multiple choice; one that gives a list gives all
  std::optional<Template> gold;   ///< index of the right choice, or a list of indices ("all": every one)
  bool every_choice_right = false;
  std::vector<Template> contexts;  ///< multiple choice over contexts: the target is the same for all

  int64_t num_fewshot = 0;
  std::string fewshot_delimiter = "\n\n";
  std::optional<Source> fewshot_source;  ///< else the items themselves, without the one that is asked

  std::vector<std::string> until;
  int64_t max_tokens = 256;
  std::vector<AnswerFilter> filters;
  std::vector<Metric> metrics;
};

/// Reads a task file. Throws InvalidInput with file and line for unknown keys, wrong types and broken templates.
Task read_task(const std::filesystem::path& path);
Task parse_task(std::string_view toml, const std::string& what);

/// The folder of the task files: CAMBIUM_TASKS, or beside the program, where it is installed, or the source tree's.
std::filesystem::path task_folder();
/// All tasks of a folder, by name.
std::vector<Task> read_tasks(const std::filesystem::path& folder);
/// The tasks that a comma-separated list means: names or groups, with "-" and " " for "_" if one likes; "all". Of a
/// group or of all, those whose files do not lie in `data` are left out with a warning; one that is named stays. Throws
/// InvalidInput for an unknown name, naming the nearest, and where nothing is left.
std::vector<Task> select_tasks(std::string_view list, const std::filesystem::path& folder,
                               const std::filesystem::path& data);

}  // namespace cambium::eval
