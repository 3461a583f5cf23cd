#include "cambium/eval/scorer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numeric>
#include <sstream>

#include "cambium/base/files.h"
#include "cambium/eval/prefix_tree.h"
#include "cambium/model/generate.h"
#include "cambium/model/hugging_face.h"

namespace cambium::eval {
namespace {

const std::filesystem::path kModel = std::filesystem::path(CAMBIUM_GOLDEN_DIR) / "eval" / "model";

class ScorerTest : public testing::Test {
 protected:
  std::vector<Response> answers(std::span<const Request> requests, const ScorerSettings& settings,
                                std::vector<int> order = {}) {
    return Scorer({.model = model_, .tokenizer = tokenizer_, .order = std::move(order)}, settings).answer(requests);
  }

  /// Σ log p of the last `targets` tokens of a sequence, by the plain pass over that sequence alone.
  double plain(const ScoredTokens& tokens) {
    model::Forward forward(model_);
    std::vector<int32_t> ids = tokens.input;
    ids.push_back(tokens.targets.back());
    at::Tensor tensor = at::empty({1, static_cast<int64_t>(ids.size())}, at::kInt);
    std::copy(ids.begin(), ids.end(), tensor.mutable_data_ptr<int32_t>());
    const at::Tensor log_probs = model::token_log_probs(model_, forward, tensor);
    const auto count = static_cast<int64_t>(tokens.targets.size());
    return log_probs.narrow(1, log_probs.size(1) - count, count).sum().item<double>();
  }

  std::vector<Request> choices() const {
    std::vector<Request> requests;
    for (const char* question :
         {"Someone walks down the long road and looks at the sky. He", "A dog barks at the door"}) {
      for (const char* choice : {" runs away.", " sits down and waits for rain.", " barks"}) {
        requests.push_back({.context = question, .continuation = choice});
      }
    }
    return requests;
  }

  model::Llama model_ = model::load_llama(kModel, model::Precision::kFloat32);
  text::Tokenizer tokenizer_ = text::Tokenizer::load(kModel);
};

TEST_F(ScorerTest, SharingPrefixesChangesNothing) {
  const std::vector<Request> requests = choices();
  const Encoder encoder(tokenizer_, model_.config.max_position_embeddings);
  const std::vector<Response> shared = answers(requests, {});
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_NEAR(shared[i].log_likelihood, plain(encoder.pair(requests[i].context, requests[i].continuation)), 1e-3);
  }
}

TEST_F(ScorerTest, DeterministicAnswersDoNotDependOnTheBatch) {
  const std::vector<Request> requests = choices();
  const auto all = answers(requests, {.batch_tokens = 4096, .deterministic = true});
  const auto few = answers(requests, {.batch_tokens = 16, .deterministic = true});
  const auto loose = answers(requests, {.batch_tokens = 16});
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(all[i].log_likelihood, few[i].log_likelihood);
    EXPECT_NEAR(all[i].log_likelihood, loose[i].log_likelihood, 1e-3);
    EXPECT_EQ(all[i].greedy, loose[i].greedy);
  }
}

TEST_F(ScorerTest, AnOrderOfLayersIsRun) {
  const std::vector<Request> requests = choices();
  const auto plain_answers = answers(requests, {}), same = answers(requests, {}, {0, 1}),
             swapped = answers(requests, {}, {1, 0});
  EXPECT_EQ(plain_answers[0].log_likelihood, same[0].log_likelihood);
  EXPECT_NE(plain_answers[0].log_likelihood, swapped[0].log_likelihood);
}

/// Text that is scored, a text of windows, and one that is generated.
std::vector<Request> some_of_each_kind() {
  std::vector<Request> requests{{.context = "Someone walks down the long road. He", .continuation = " runs away."},
                                {.context = "Someone walks down the long road. He", .continuation = " sits"}};
  requests.push_back({.kind = Request::Kind::kRolling, .continuation = ""});
  for (const Request::Kind kind : {Request::Kind::kRolling, Request::Kind::kGenerate}) {
    requests.push_back({.kind = kind, .context = "A dog", .continuation = "A dog barks at the door.", .max_tokens = 8});
  }
  return requests;
}

TEST_F(ScorerTest, RoutesAtOnceAreThoseOneByOne) {
  const std::vector<Request> requests = some_of_each_kind();
  const std::vector<model::Route> routes{
      {.order = {0, 1}}, {.order = {1, 0}}, {.order = {0}}, {.order = {0, 1, 1}}, {.order = {0, 1}}};
  std::vector<std::vector<Response>> found(routes.size(), std::vector<Response>(requests.size()));
  Scorer({.model = model_, .tokenizer = tokenizer_}, {.batch_tokens = 16})
      .answer(requests, routes,
              [&](size_t route, size_t request, const Response& response) { found[route][request] = response; });
  for (size_t r = 0; r < routes.size(); ++r) {
    const auto alone = answers(requests, {.batch_tokens = 16}, routes[r].order);
    for (size_t i = 0; i < requests.size(); ++i) {
      EXPECT_EQ(found[r][i].log_likelihood, alone[i].log_likelihood) << r << " " << i;
      EXPECT_EQ(found[r][i].greedy, alone[i].greedy);
      EXPECT_EQ(found[r][i].token_log_probs, alone[i].token_log_probs);
      EXPECT_EQ(found[r][i].text, alone[i].text);
    }
  }
}

TEST_F(ScorerTest, ARouteMayEndBeforeAnyLayerAndBeTranslated) {
  const std::vector<Request> requests = some_of_each_kind();
  const auto twice = [](const at::Tensor& stream) { return 2 * stream; };
  const auto nothing = [](const at::Tensor& stream) { return at::zeros_like(stream); };
  const std::vector<model::Route> routes{
      {.order = {}}, {.order = {}, .translate = twice}, {.order = {0, 1}, .translate = nothing}};
  std::vector<std::vector<Response>> found(routes.size(), std::vector<Response>(requests.size()));
  Scorer({.model = model_, .tokenizer = tokenizer_}, {})
      .answer(requests, routes,
              [&](size_t route, size_t request, const Response& response) { found[route][request] = response; });
  EXPECT_NEAR(found[0][0].log_likelihood, found[1][0].log_likelihood, 1e-2);  // the norm takes the factor away
  EXPECT_EQ(found[0][4].text, found[1][4].text);
  const auto tokens = static_cast<double>(found[2][3].token_log_probs.size());
  EXPECT_NEAR(found[2][3].log_likelihood, -tokens * std::log(model_.config.vocab_size), 1e-2);
}

TEST_F(ScorerTest, GenerationsSideBySideAreThoseOfOneAlone) {
  std::vector<Request> requests;
  for (const char* prompt : {"Once upon a time", "Once upon a time there was", "x", "The answer to all questions is"}) {
    Request request;
    request.kind = Request::Kind::kGenerate;
    request.context = prompt;
    request.max_tokens = 20;
    requests.push_back(request);
  }
  const Encoder encoder(tokenizer_, model_.config.max_position_embeddings);
  const auto together = answers(requests, {}), alone = answers(requests, {.deterministic = true});
  for (size_t i = 0; i < requests.size(); ++i) {
    model::Forward forward(model_);
    const auto ids = tokenizer_.encode(requests[i].context);
    const auto made = model::generate(
        model_, forward, ids, {.max_tokens = 20, .temperature = 0, .stop = tokenizer_.end_of_text()}, [](int32_t) {});
    EXPECT_EQ(alone[i].text, encoder.decode(made));
    EXPECT_EQ(together[i].text, alone[i].text);
  }
  requests[0].until = {alone[0].text.substr(alone[0].text.size() / 2, 1)};
  const auto stopped = answers(requests, {});
  EXPECT_EQ(stopped[0].text, alone[0].text.substr(0, alone[0].text.find(requests[0].until[0])));
}

TEST_F(ScorerTest, RollingWindowsCountEveryTokenOnce) {
  std::string text;
  for (int i = 0; i < 500; ++i) {
    text += " word" + std::to_string(i);
  }
  const auto tokens = static_cast<int64_t>(tokenizer_.encode(text).size());
  ASSERT_GT(tokens, model_.config.max_position_embeddings);
  Request request;
  request.kind = Request::Kind::kRolling;
  request.continuation = text;
  const Response response = answers(std::vector<Request>{request}, {})[0];
  EXPECT_EQ(static_cast<int64_t>(response.token_log_probs.size()), tokens);
  ASSERT_EQ(static_cast<int64_t>(response.token_contexts.size()), tokens);
  const int32_t most = static_cast<int32_t>(model_.config.max_position_embeddings);
  EXPECT_EQ(response.token_contexts.front(), 1);  // the token in front of the text
  EXPECT_EQ(response.token_contexts[static_cast<size_t>(most) - 1], most);
  EXPECT_EQ(response.token_contexts[static_cast<size_t>(most)], 1);
  EXPECT_EQ(response.token_contexts.back(), most);  // the last window reaches back as far as fits
  EXPECT_NEAR(response.log_likelihood,
              std::accumulate(response.token_log_probs.begin(), response.token_log_probs.end(), 0.0), 1e-2);
}

TEST_F(ScorerTest, RollingLikelihoodsAreThoseOfTheHarness) {
  std::istringstream lines(read_file(kModel.parent_path() / "rolling.jsonl"));
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const formats::Json golden = formats::Json::parse(line);
    Request request;
    request.kind = Request::Kind::kRolling;
    request.continuation = golden["text"];
    const Response response = answers(std::vector<Request>{request}, {})[0];
    const double tokens = static_cast<double>(response.token_log_probs.size());
    EXPECT_NEAR(response.log_likelihood / tokens, golden["log_likelihood"].get<double>() / tokens, 1e-4) << tokens;
  }
  EXPECT_EQ(count, 5U);
}

TEST(EncoderTest, SpacesAtTheEndOfTheContextBelongToTheContinuation) {
  const auto tokenizer = text::Tokenizer::load(kModel);
  const Encoder encoder(tokenizer, 64);
  const ScoredTokens moved = encoder.pair("The dog  ", "runs"), written = encoder.pair("The dog", "  runs");
  EXPECT_EQ(moved.input, written.input);
  EXPECT_EQ(moved.targets, written.targets);
  EXPECT_EQ(encoder.pair("", "runs").input.front(), *tokenizer.end_of_text());
  std::string longer;
  for (int i = 0; i < 100; ++i) {
    longer += " dog";
  }
  EXPECT_EQ(encoder.pair(longer, " runs").input.size(), 64U);
  EXPECT_EQ(encoder.prompt(longer, 16).size(), 48U);
}

TEST(PrefixTreeTest, CommonTokensStandOnce) {
  std::vector<int32_t> a(20), b(20);
  std::iota(a.begin(), a.end(), 0);
  b = a;
  b[15] = 99;
  const std::vector<int32_t> prefix(a.begin(), a.begin() + 12);
  const std::vector<std::span<const int32_t>> sequences{b, a, prefix};
  const PrefixTree tree = build_prefix_tree(sequences, true);
  EXPECT_EQ(tree.rows.ids.size(), 28U);  // 12 for all; the 3 more of two of them are not worth a segment
  for (size_t i = 0; i < sequences.size(); ++i) {
    ASSERT_EQ(tree.row_of[i].size(), sequences[i].size());
    for (size_t k = 0; k < sequences[i].size(); ++k) {
      EXPECT_EQ(tree.rows.ids[static_cast<size_t>(tree.row_of[i][k])], sequences[i][k]);
      EXPECT_EQ(tree.rows.positions[static_cast<size_t>(tree.row_of[i][k])], static_cast<int64_t>(k));
    }
  }
  EXPECT_EQ(build_prefix_tree(sequences, false).rows.ids.size(), 52U);
}

}  // namespace
}  // namespace cambium::eval
