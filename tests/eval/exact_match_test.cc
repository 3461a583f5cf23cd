#include "cambium/eval/exact_match.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "cambium/model/generate.h"
#include "cambium/model/hugging_face.h"

namespace cambium::eval {
namespace {

class ExactMatch : public testing::Test {
 protected:
  /// What greedy decoding with a cache says next: the independent way to the same answer.
  std::string greedy(const std::string& prompt, int64_t tokens) {
    const std::vector<int32_t> ids =
        model::generate(model_, forward_, tokenizer_.encode(prompt),
                        {.max_tokens = tokens, .temperature = 0, .stop = {}}, [](int32_t) {});
    return tokenizer_.decode(ids);
  }

  const std::filesystem::path folder_ = std::filesystem::path(CAMBIUM_GOLDEN_DIR) / "training";
  model::Llama model_ = model::load_llama(folder_ / "matrices" / "initial", model::Precision::kFloat32);
  model::Forward forward_{model_};
  text::Tokenizer tokenizer_ = text::Tokenizer::load(folder_ / "tokenizer.json");
};

TEST_F(ExactMatch, CountsWhatGreedyDecodingSays) {
  // The vocabulary is single bytes: only answers that are text can be asked for.
  std::vector<Question> questions;
  for (char c = 'a'; c <= 'z' && questions.size() < 8; ++c) {
    const std::string prompt = std::string("the ") + c + std::string(static_cast<size_t>(c - 'a'), ' ');
    const std::string answer = greedy(prompt, 1 + c % 2);
    if (answer.find_first_not_of("abcdefghijklmnopqrstuvwxyz .,") == std::string::npos) {
      questions.push_back({prompt, answer});
    }
  }
  const auto count = static_cast<double>(questions.size());
  ASSERT_GE(count, 2);
  constexpr int64_t kBatchTokens = 64;
  EXPECT_EQ(exact_match(model_, forward_, tokenizer_, questions, kBatchTokens), 1.0);
  questions[1].answer.back() = questions[1].answer.back() == 'x' ? 'y' : 'x';
  EXPECT_EQ(exact_match(model_, forward_, tokenizer_, questions, kBatchTokens), (count - 1) / count);
  EXPECT_EQ(exact_match(model_, forward_, tokenizer_, questions, /*batch_tokens=*/1), (count - 1) / count);
}

TEST_F(ExactMatch, QuestionsPastTheContextCountAsWrong) {
  const auto context = static_cast<size_t>(model_.config.max_position_embeddings);
  const std::vector<Question> questions{{std::string(context, 'x'), "y"}};
  EXPECT_EQ(exact_match(model_, forward_, tokenizer_, questions, 64), 0.0);
}

TEST_F(ExactMatch, NoQuestionsNoAccuracy) { EXPECT_EQ(exact_match(model_, forward_, tokenizer_, {}, 64), 0.0); }

}  // namespace
}  // namespace cambium::eval
