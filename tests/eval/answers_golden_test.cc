#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "cambium/base/files.h"
#include "cambium/eval/aggregate.h"
#include "cambium/eval/tasks/example.h"
#include "cambium/eval/tasks/measure.h"
#include "tests/support/temporary_folder.h"

namespace cambium::eval {
namespace {

using formats::Json;
namespace fs = std::filesystem;

/// One answer, or all answers of squadv2, as tests/golden/make_eval_answers.py had upstream judge them.
class AnswersGolden : public testing::Test {
 protected:
  std::vector<MetricValue> judge(const Json& line) {
    const fs::path golden(CAMBIUM_GOLDEN_DIR);
    const Task task = read_task(golden / "../../tasks" / (line["task"].get<std::string>() + ".toml"));
    const Json answers = line.contains("answers") ? line["answers"] : Json::array({line});
    std::string items;
    for (const Json& answer : answers) {
      items += answer["item"].dump() + "\n";
    }
    write_file_atomic(folder_ / task.source.file, items);
    const std::vector<TaskQuestion> questions = make_questions(task, folder_, std::nullopt, 0);
    std::vector<MetricValue> values;
    for (const AnswerFilter& filter : task.filters) {
      std::vector<Json> measured;
      for (size_t i = 0; i < questions.size(); ++i) {
        std::vector<Response> responses(2);
        responses[0].text = answers[i]["text"];
        responses[1].log_likelihood = answers[i].value("log_likelihood", 0.0);
        measured.push_back(measure(task, questions[i], responses, filter));
      }
      for (const MetricValue& value : aggregate(task, filter, measured, 0)) {
        values.push_back(value);
      }
    }
    return values;
  }

  TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path();
};

TEST_F(AnswersGolden, MetricsAreThoseOfUpstream) {
  std::istringstream lines(read_file(fs::path(CAMBIUM_GOLDEN_DIR) / "eval" / "answers.jsonl"));
  size_t count = 0;
  for (std::string text; std::getline(lines, text);) {
    const Json line = Json::parse(text);
    const std::vector<MetricValue> values = judge(line);
    EXPECT_EQ(values.size(), line["values"].size()) << text;
    for (const MetricValue& value : values) {
      ASSERT_TRUE(line["values"].contains(value.key)) << value.key << " in " << text;
      EXPECT_NEAR(value.value, line["values"][value.key].get<double>(), 1e-6) << value.key << " in " << text;
    }
    ++count;
  }
  EXPECT_GT(count, 50U);
}

}  // namespace
}  // namespace cambium::eval
