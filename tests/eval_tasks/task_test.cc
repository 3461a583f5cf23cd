#include "cambium/eval/tasks/task.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/eval/tasks/answers.h"
#include "cambium/eval/tasks/example.h"
#include "cambium/eval/tasks/python_random.h"

namespace cambium::eval {
namespace {

namespace fs = std::filesystem;
using formats::Json;

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "no error";
}

constexpr std::string_view kTask = R"(task = "mini"
about = "a test"
group = "tests"
version = "1"
kind = "multiple_choice"
[source]
form = "jsonl"
file = "mini.jsonl"
get = "nothing to get"
[prompt]
text = "Q: {question}"
choices = "{choices}"
gold = "{gold}"
[fewshot]
delimiter = "\n"
[[metric]]
name = "acc"
)";

std::string with(std::string_view from, std::string_view to) {
  std::string text(kTask);
  return text.replace(text.find(from), from.size(), to);
}

TEST(TemplateTest, FillsFieldsAndAppliesFilters) {
  const Json item{
      {"a", " x y "}, {"n", 43.0}, {"list", {"b", "a", "ab"}}, {"deep", {{"k", {1, 2}}}}, {"py", "['it', \"isn't\"]"}};
  const auto text = [&](const char* pattern) { return Template(pattern, "here").text(item, "item"); };
  EXPECT_EQ(text("<{a|strip}> {{{n}}} {n|number}"), "<x y> {43.0} 43");
  EXPECT_EQ(text("{list|join:, } {list|first} {list|minimal|join:+} {deep.k.1}"), "b, a, ab b a+b 2");
  EXPECT_EQ(text("{a|after: x|before: }|{a|strip|replace:x=>z}"), "|z y");
  const Json answers{{"answers", {{{"text", "a"}}, {{"text", "b"}}}}};
  EXPECT_EQ(Template("{answers.text|join:,}", "here").text(answers, "item"), "a,b");
  EXPECT_EQ(text("{py|python_list|last}"), "isn't");
  EXPECT_TRUE(Template("{list}", "here").value(item, "item").is_array());
}

TEST(TemplateTest, RefusesWhatItDoesNotKnow) {
  const Json item{{"a", 1}};
  EXPECT_NE(message_of([&] {
              Template("{b}", "t.toml: line 3").text(item, "f: line 1");
            }).find("t.toml: line 3: unknown field `b` (f: line 1, which has a)"),
            std::string::npos);
  EXPECT_NE(message_of([] { Template("{a|stripp}", "t"); }).find("did you mean `strip`?"), std::string::npos);
  EXPECT_NE(message_of([] { Template("{a", "t"); }).find("expected `}`"), std::string::npos);
  EXPECT_NE(message_of([] { Template("a}", "t"); }).find("without its"), std::string::npos);
}

TEST(TaskTest, RefusesBrokenFilesWithTheLine) {
  EXPECT_EQ(parse_task(kTask, "t.toml").name, "mini");
  const auto message = [](const std::string& toml) { return message_of([&] { parse_task(toml, "t.toml"); }); };
  EXPECT_NE(message(with("about", "abuot")).find("`about`"), std::string::npos);
  EXPECT_NE(message(with("text =", "txet =")).find("text"), std::string::npos);
  EXPECT_NE(
      message(with("delimiter", "delimeter")).find("t.toml: line 15: unknown key `fewshot.delimeter`; did you mean"),
      std::string::npos);
  EXPECT_NE(message(with("\"acc\"", "\"f1\"")).find("one of acc, acc_norm"), std::string::npos);
  EXPECT_NE(message(with("form = \"jsonl\"", "form = 3")).find("line 7: `source.form`: expected a string"),
            std::string::npos);
}

TEST(TaskTest, EveryTaskOfTheSourceTreeIsRead) {
  const fs::path folder = fs::path(CAMBIUM_GOLDEN_DIR) / "../../tasks";
  const std::vector<Task> tasks = read_tasks(folder);
  EXPECT_GE(tasks.size(), 37U);
  EXPECT_EQ(select_tasks("primitives,copy-real-words", folder, "/nowhere").size(), 13U);
  EXPECT_NE(message_of([&] { select_tasks("helaswag", folder, "/nowhere"); }).find("did you mean `hellaswag`?"),
            std::string::npos);
}

class ExampleTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_ = fs::path(testing::TempDir()) / ("cambium_eval_" + std::to_string(getpid()));
};

TEST_F(ExampleTest, BadDataIsRefusedWithItsPlace) {
  const Task task = parse_task(kTask, "t.toml");
  const auto message = [&](const std::string& content) {
    write_file_atomic(folder_ / "mini.jsonl", content);
    return message_of([&] { make_questions(task, folder_, std::nullopt, 0); });
  };
  EXPECT_NE(message("").find("empty: expected at least one item"), std::string::npos);
  EXPECT_NE(message("{\"question\": 1}\n").find("unknown field `choices`"), std::string::npos);
  EXPECT_NE(message("{\"question\": \"a\", \"choices\": [\"b\"], \"gold\": 1}\n").find("line 1: the index"),
            std::string::npos);
  EXPECT_NE(message("{\"question\": \"a\", \"choices\": [\"b\"], \"gold\": 0}\n{\n").find("line 2"), std::string::npos);
  fs::remove(folder_ / "mini.jsonl");
  EXPECT_NE(message_of([&] { make_questions(task, folder_, std::nullopt, 0); }).find("nothing to get"),
            std::string::npos);
}

TEST_F(ExampleTest, FewShotExamplesAreNeverTheQuestionItself) {
  std::string lines;
  for (int i = 0; i < 30; ++i) {
    lines += Json{{"question", std::to_string(i)}, {"choices", {"no", "yes"}}, {"gold", i % 2}}.dump() + "\n";
  }
  write_file_atomic(folder_ / "mini.jsonl", lines);
  const auto questions = make_questions(parse_task(kTask, "t.toml"), folder_, 5, 2);
  ASSERT_EQ(questions.size(), 5U);
  ASSERT_EQ(questions[3].requests.size(), 2U);
  EXPECT_EQ(questions[3].requests[1].continuation, " yes");
  const std::string& context = questions[3].requests[0].context;
  EXPECT_EQ(std::count(context.begin(), context.end(), '\n'), 2);
  EXPECT_TRUE(context.ends_with("\nQ: 3"));
  EXPECT_EQ(context.find("Q: 3 "), std::string::npos);
}

TEST(PythonRandomTest, GivesPythonsNumbers) {
  PythonRandom random(1234);  // random.Random(1234)
  EXPECT_DOUBLE_EQ(random.random(), 0.9664535356921388);
  EXPECT_EQ(PythonRandom(1234).sample(30, 3), (std::vector<uint32_t>{24, 14, 3}));
}

TEST(AnswersTest, ComparesAsUpstreamDoes) {
  EXPECT_EQ(squad_match("The  Eiffel-Tower!", "eiffeltower").em, 1);
  EXPECT_NEAR(squad_match("a red big dog", "the red dog").f1, 0.8, 1e-9);
  EXPECT_EQ(squad_mean("white", {"white", "black"}).em, 0.5);
  EXPECT_EQ(drop_best("12 yards", {"12"}).em, 0);
  EXPECT_NEAR(drop_best("12 yards", {"12"}).f1, 0.67, 1e-9);
  EXPECT_EQ(drop_best("5.0", {"5"}).em, 1);
  EXPECT_EQ(drop_best("seven yards", {"7 yards"}).f1, 0);
  Metric metric;
  metric.numeric = true;
  EXPECT_EQ(exact_match(metric, "1,200", {"1200.0"}), 1);
  const Task gsm8k = read_task(fs::path(CAMBIUM_GOLDEN_DIR) / "../../tasks/gsm8k.toml");
  const std::string said = "2+2 = $4.\n#### 4,000.";
  EXPECT_EQ(filtered_answer(gsm8k.filters[0], said), "4,000.");
  EXPECT_EQ(filtered_answer(gsm8k.filters[1], "so 7, then 18"), "18");
  EXPECT_EQ(filtered_answer(gsm8k.filters[0], "none"), "[invalid]");
  EXPECT_EQ(exact_match(gsm8k.metrics[0], "4,000.", {"work #### 4000"}), 1);
}

}  // namespace
}  // namespace cambium::eval
