#include "cambium/eval/tasks/answer_log.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/folder.h"

namespace cambium::eval {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

class AnswerLogs : public Folder {
 protected:
  AnswerLog open(const std::string& fingerprint = "a", size_t requests = 3) const {
    return AnswerLog(folder_ / "answers.jsonl", fingerprint, requests);
  }
};

TEST_F(AnswerLogs, GiveBackEveryNumber) {
  const Response diverged{.log_likelihood = std::nan(""),
                          .greedy = true,
                          .text = "\xC3\xA4",
                          .token_log_probs = {-1.5F, -kInfinity, kInfinity},
                          .token_contexts = {1, 2, 3}};
  const auto line = parse_answer_line(to_line(7, diverged));
  ASSERT_TRUE(line);
  EXPECT_EQ(line->request, 7u);
  EXPECT_TRUE(std::isnan(line->response.log_likelihood));
  EXPECT_TRUE(line->response.greedy);
  EXPECT_EQ(line->response.text, diverged.text);
  EXPECT_EQ(line->response.token_log_probs, diverged.token_log_probs);
  EXPECT_EQ(line->response.token_contexts, diverged.token_contexts);
}

TEST_F(AnswerLogs, GoOnBehindALineThatWasCutOff) {
  open().add(1, {.log_likelihood = -0.1, .greedy = false});
  const std::string whole = read("answers.jsonl");
  write("answers.jsonl", whole + "{\"request\":");
  {
    AnswerLog log = open();
    ASSERT_TRUE(log.known()[1]);
    EXPECT_EQ(log.known()[1]->log_likelihood, -0.1);
    EXPECT_FALSE(log.known()[0]);
    EXPECT_EQ(read("answers.jsonl"), whole);
    log.add(2, {});
  }
  EXPECT_TRUE(open().known()[2]);
}

TEST_F(AnswerLogs, BeginAnewForOtherQuestionsOrAfterDamage) {
  open().add(1, {});
  EXPECT_FALSE(open("b").known()[1]);
  open().add(2, {});
  EXPECT_FALSE(open("a", 2).known()[1]);  // a request that is not there
}

TEST_F(AnswerLogs, RefuseWhatIsNoAnswer) {
  for (const char* line : {"", "[]", "{}", "{\"request\": -1}",
                           R"({"request": 1.5, "log_likelihood": 0, "greedy": true, "text": "", "token_log_probs": [],
                               "token_contexts": []})",
                           R"({"request": 1, "log_likelihood": "low", "greedy": true, "text": "", "token_log_probs": [],
                               "token_contexts": []})",
                           R"({"request": 1, "log_likelihood": 0, "greedy": true, "text": "", "token_log_probs": [],
                               "token_contexts": [4294967296]})"}) {
    EXPECT_FALSE(parse_answer_line(line)) << line;
  }
}

}  // namespace
}  // namespace cambium::eval
