#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "cambium/base/error.h"
#include "cambium/data/dataset.h"
#include "cambium/data/synth/corpus.h"
#include "cambium/data/synth/curriculum.h"
#include "cambium/data/synth/item.h"
#include "cambium/data/synth/lexicon.h"
#include "cambium/data/synth/primitives.h"
#include "cambium/data/synth/prose.h"
#include "cambium/data/synth/templates.h"
#include "tests/data/test_support.h"

namespace cambium::data {
namespace {

TEST(Synth, ItemsAreAFunctionOfTheSeed) {
  for (const SynthTask& task : synth_tasks()) {
    CounterRandom first(7, "x"), second(7, "x"), other(8, "x");
    bool differs = false;
    for (int i = 0; i < 20; ++i) {
      const SynthItem item = make_item(task, first, SynthSplit::kTrain, 0.5);
      EXPECT_EQ(item.text, make_item(task, second, SynthSplit::kTrain, 0.5).text);
      differs |= item.text != make_item(task, other, SynthSplit::kTrain, 0.5).text;
    }
    EXPECT_TRUE(differs) << task.name;
  }
}

TEST(Synth, NothingHeldOutIsMadeForTraining) {
  for (const SynthTask& task : synth_tasks()) {
    CounterRandom random(1, "train"), held(2, "heldout");
    std::set<std::string> train;
    for (int i = 0; i < 1500; ++i) train.insert(make_item(task, random, SynthSplit::kTrain, i / 1500.0).canonical);
    for (int i = 0; i < 300; ++i) {
      const SynthItem item = make_item(task, held, SynthSplit::kHeldout, i / 300.0);
      EXPECT_FALSE(train.contains(item.canonical)) << task.name << ": " << item.text;
    }
  }
}

TEST(Synth, AnswersFollowPrompts) {
  for (const SynthTask& task : synth_tasks()) {
    CounterRandom random(3, "answers");
    const SynthItem item = make_item(task, random, SynthSplit::kTrain);
    EXPECT_FALSE(item.text.empty());
    if (!task.has_answer) continue;
    EXPECT_EQ(item.task, task.name);
    EXPECT_EQ(item.text, item.prompt + item.answer);
    EXPECT_TRUE(item.answer.size() > 1 && (item.answer[0] == ' ' || item.answer[0] == '\n'));
  }
}

/// Solves `name=...` lines by substitution, as a reader would.
int solve(const std::string& prompt, const std::string& asked) {
  std::map<std::string, std::string> right;
  std::istringstream lines(prompt);
  for (std::string line; std::getline(lines, line);) {
    if (line.size() > 2 && line[1] == '=' && line[2] != '_') right[line.substr(0, 1)] = line.substr(2);
  }
  const std::function<int(std::string)> value = [&](std::string text) -> int {
    if (const size_t sign = text.find_last_of("+-"); sign != std::string::npos) {
      const int second = value(text.substr(sign + 1));
      return (sign == 0 ? 0 : value(text.substr(0, sign))) + (text[sign] == '-' ? -second : second);
    }
    return std::isdigit(static_cast<unsigned char>(text[0])) ? std::stoi(text) : value(right.at(text));
  };
  return value(asked);
}

TEST(Synth, NamesThatAreAskedForHaveTheAnswersValue) {
  int solved = 0;
  for (const SynthTask& task : synth_tasks()) {
    if (!task.has_answer || task.name.starts_with("copy")) continue;
    CounterRandom random(4, task.name);
    for (int i = 0; i < 100; ++i) {
      const SynthItem item = make_item(task, random, SynthSplit::kTrain);
      size_t at = item.prompt.rfind("=___");
      if (at == std::string::npos) at = item.prompt.rfind('?');
      EXPECT_EQ(solve(item.prompt, item.prompt.substr(at - 1, 1)), std::stoi(item.answer)) << item.text;
      ++solved;
    }
  }
  EXPECT_EQ(solved, 1100);
}

TEST(Synth, CopyingAsksForTheNextWord) {
  CounterRandom random(4, "copy");
  for (const char* name : {"copy-random-words", "copy-real-words"}) {
    const SynthItem item = make_item(*select_synth_tasks(name)[0], random, SynthSplit::kTrain);
    std::istringstream in(item.prompt.substr(item.prompt.find("\n\n")));
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    ASSERT_EQ(words.size(), 10u + 9u + 2u) << item.prompt;
    for (size_t i = 0; i < 9; ++i) EXPECT_EQ(words[i], words[10 + i]);
    EXPECT_EQ(item.answer, " " + words[9]);
  }
}

TEST(Synth, TheFormsReadAsThePaperSays) {
  const auto text = [](const char* name) {
    CounterRandom random(4, "forms");
    return make_item(*select_synth_tasks(name)[0], random, SynthSplit::kTrain).text;
  };
  EXPECT_TRUE(text("variable-assignment-depth-0-basic").starts_with("Fill in blank:\n\n"));
  EXPECT_NE(text("variable-assignment-depth-0-basic").find("=___. -> "), std::string::npos);
  EXPECT_NE(text("variable-assignment-depth-1-math").find("What is the numerical value of "), std::string::npos);
  EXPECT_NE(text("variable-assignment-depth-2-code").find("\n\nAnswer:\n"), std::string::npos);
  EXPECT_TRUE(text("copy-real-words").starts_with("Fill in the blank:\n\n"));
}

TEST(Templates, AreReadAsTheyAreWritten) {
  const PrimitiveTemplates& published = published_templates();
  const std::string toml = to_toml(published);
  EXPECT_EQ(to_toml(parse_templates(toml, "t.toml")), toml);
  EXPECT_EQ(to_toml(parse_templates("", "t.toml")), toml);
  EXPECT_EQ(synth_tasks_of(published).size(), synth_tasks().size());
}

TEST(Templates, ChangeWordingFormsAndSizes) {
  const PrimitiveTemplates templates = parse_templates(
      "[copy]\nwords = 3\ntext = \"{words} | {again}\"\nanswer = \" >{word}\"\n"
      "[form.arrow]\nquestion = \"{name}?\"\nanswer = \"={value}\"\n"
      "[variable_assignment]\ndeepest = 1\nforms = [\"arrow\"]\nvariables_per_depth = 2\nlargest_number = 5\n",
      "t.toml");
  const std::vector<SynthTask> tasks = synth_tasks_of(templates);
  CounterRandom random(4, "templates");
  const SynthItem copy = make_item(*select_synth_tasks("copy-random-words", tasks)[0], random, SynthSplit::kTrain);
  EXPECT_TRUE(std::regex_match(copy.text, std::regex("((\\w{3}) (\\w{3})) (\\w{3}) \\| \\1 >\\4"))) << copy.text;
  ASSERT_EQ(select_synth_tasks("variable-assignment", tasks).size(), 2u);
  const SynthItem deep =
      make_item(*select_synth_tasks("variable-assignment-depth-1-arrow", tasks)[0], random, SynthSplit::kTrain);
  EXPECT_TRUE(std::regex_match(deep.text, std::regex("(\\w=[1-5]\n){2}(\\w=\\w\n){2}\\w\\?=[1-5]"))) << deep.text;
}

TEST(Templates, AreRefusedByLineAndKey) {
  const std::pair<const char*, const char*> kWrong[] = {
      {"[copy]\ntext = \"{words}\"\n", "t.toml: line 2: `copy.text`: expected a text with {again}"},
      {"[copy]\nanswer = \"{word} {else}\"\n", "`copy.answer`: expected no other braces than {word}"},
      {"[copy]\nwords = 0\n", "`copy.words`: expected a whole number from 1 up, found 0"},
      {"[copy]\nwoods = 4\n", "unknown key `copy.woods`; did you mean `words`?"},
      {"[form.basic]\nhead = \"{name}\"\n", "`basic.head`: expected a text without braces"},
      {"[form.new]\nquestion = \"{name}\"\n", "`new.answer`"},
      {"[pre_school_math]\nforms = [\"none\"]\n", "there is no [form.none]"},
      {"[variable_assignment]\ndeepest = 9\n", "`variable_assignment.deepest`: expected at most 26 letters"},
      {"[variable_assignment]\nlargest_number = 4\n", "`variable_assignment.largest_number`: expected at least 5"},
      {"[copy\n", "not TOML"},
  };
  for (const auto& [toml, message] : kWrong) {
    EXPECT_NE(refusal([&, text = toml] { parse_templates(text, "t.toml"); }).find(message), std::string::npos)
        << refusal([&, text = toml] { parse_templates(text, "t.toml"); });
  }
}

TEST(Synth, DepthIsTheNumberOfPointersToFollow) {
  CounterRandom random(5, "depth");
  const Assignment assignment = draw_assignment(random, 2, 5, 25);
  ASSERT_EQ(assignment.lines.size(), 15u);
  std::map<std::string, Assignment::Line> by_name;
  for (const auto& line : assignment.lines) by_name[line.name] = line;
  for (auto line : assignment.lines) {
    const int value = line.value, depth = line.depth;
    int steps = 0;
    for (; by_name.contains(line.right); ++steps) line = by_name[line.right];
    EXPECT_EQ(steps, depth);
    EXPECT_EQ(line.right, std::to_string(value));
  }
}

TEST(Synth, TasksAreFoundByNameOrByTheirFrontPart) {
  EXPECT_EQ(select_synth_tasks("copy").size(), 2u);
  EXPECT_EQ(select_synth_tasks("variable-assignment").size(), 9u);
  EXPECT_EQ(select_synth_tasks("world").size(), 1u);
  EXPECT_NE(refusal([] { select_synth_tasks("worl"); }).find("did you mean `world`"), std::string::npos);
  EXPECT_NE(refusal([] { parse_synth_split("test"); }).find("train or heldout"), std::string::npos);
}

TEST(Synth, EnglishHasAVocabulary) {
  std::map<std::string, int> words;
  std::set<std::string> texts;
  CounterRandom random(6, "world");
  for (int i = 0; i < 4000; ++i) {
    const std::string text = make_item(*select_synth_tasks("world")[0], random, SynthSplit::kTrain).text;
    texts.insert(text);
    std::string word;
    for (char c : text + " ") {
      if (std::isalpha(static_cast<unsigned char>(c))) {
        word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      } else if (!word.empty()) {
        ++words[std::exchange(word, "")];
      }
    }
    EXPECT_EQ(text.find('{'), std::string::npos) << text;
    EXPECT_EQ(text.find("? a "), std::string::npos) << text;
  }
  EXPECT_GT(words.size(), 700u);
  EXPECT_GT(texts.size(), 3900u);
}

TEST(Synth, TheCurriculumMovesFromEasyToFullForms) {
  const auto share = [](double progress, const std::string& prefix) {
    CounterRandom random(9, "share");
    int hits = 0;
    for (int i = 0; i < 1000; ++i) hits += curriculum_item(random, progress).task.starts_with(prefix);
    return hits;
  };
  EXPECT_GT(share(0, "curriculum-pairs"), 2 * share(1, "curriculum-pairs"));
  EXPECT_EQ(share(0, "variable-assignment"), 0);
  EXPECT_GT(share(1, "variable-assignment"), 30);
}

TEST(Lexicon, NumbersInWords) {
  EXPECT_EQ(number_word(0), "zero");
  EXPECT_EQ(number_word(14), "fourteen");
  EXPECT_EQ(number_word(30), "thirty");
  EXPECT_EQ(number_word(85), "eighty-five");
  EXPECT_EQ(number_word(100), "one hundred");
  EXPECT_EQ(number_word(216), "two hundred and sixteen");
  EXPECT_THROW(number_word(1000), InvalidArgument);
}

TEST(Lexicon, NamesAreNumberedInOrder) {
  EXPECT_EQ(without_names("Anna met Tom. Tom saw Anna's cat."), "#0 met #1. #1 saw #0's cat.");
  EXPECT_EQ(without_names("Tom met Anna. Anna saw Tom's cat."), without_names("Anna met Tom. Tom saw Anna's cat."));
}

TEST(Lexicon, FillsBlanks) {
  EXPECT_EQ(fill("{a:x} and {x}", {{"x", "apple"}}), "an apple and apple");
  EXPECT_THROW(fill("{y}", {{"x", "apple"}}), Error);
}

TEST(Corpus, WritesJsonLinesThatRepeat) {
  TemporaryFolder folder;
  write_synth_jsonl(folder / "a.jsonl", select_synth_tasks("copy"), 10, 1, SynthSplit::kTrain);
  write_synth_jsonl(folder / "b.jsonl", select_synth_tasks("copy"), 10, 1, SynthSplit::kTrain);
  write_synth_jsonl(folder / "c.jsonl", select_synth_tasks("copy"), 10, 1, SynthSplit::kHeldout);
  const std::string text = read_text(folder / "a.jsonl");
  EXPECT_EQ(text, read_text(folder / "b.jsonl"));
  EXPECT_NE(text, read_text(folder / "c.jsonl"));
  std::istringstream lines(text);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto json = formats::Json::parse(line);
    EXPECT_EQ(json["text"].get<std::string>(), json["prompt"].get<std::string>() + json["answer"].get<std::string>());
    EXPECT_EQ(json["task"], count % 2 == 0 ? "copy-random-words" : "copy-real-words");
  }
  EXPECT_EQ(count, 10);
}

}  // namespace
}  // namespace cambium::data
