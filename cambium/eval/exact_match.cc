#include "cambium/eval/exact_match.h"

#include <algorithm>
#include <vector>

namespace cambium::eval {
namespace {

/// Ids of prompt and answer; the answer begins at `answer_begin`.
struct Encoded {
  std::vector<int32_t> ids;
  size_t answer_begin;
};

Encoded encode(const text::Tokenizer& tokenizer, const Question& question) {
  const std::vector<int32_t> prompt = tokenizer.encode(question.prompt);
  Encoded encoded{tokenizer.encode(question.prompt + question.answer), 0};
  // Where a token joins the end of the prompt with the answer, the answer begins with that token.
  const auto common = std::mismatch(prompt.begin(), prompt.end(), encoded.ids.begin(), encoded.ids.end());
  encoded.answer_begin = std::max<size_t>(1, static_cast<size_t>(common.second - encoded.ids.begin()));
  return encoded;
}

/// One batch of rows padded at the end; gives how many answers come out whole.
int64_t count_matches(model::Forward& forward, std::span<const Encoded> rows) {
  const auto longest = std::max_element(rows.begin(), rows.end(),
                                        [](const Encoded& a, const Encoded& b) { return a.ids.size() < b.ids.size(); });
  const auto length = static_cast<int64_t>(longest->ids.size());
  at::Tensor ids = at::zeros({static_cast<int64_t>(rows.size()), length}, at::kInt);
  std::vector<int64_t> positions;  // whose logits predict an answer token
  for (size_t row = 0; row < rows.size(); ++row) {
    const int64_t begin = static_cast<int64_t>(row) * length;
    std::copy(rows[row].ids.begin(), rows[row].ids.end(), ids.mutable_data_ptr<int32_t>() + begin);
    for (size_t i = rows[row].answer_begin; i < rows[row].ids.size(); ++i) {
      positions.push_back(begin + static_cast<int64_t>(i) - 1);
    }
  }
  const at::Tensor hidden = forward.hidden(ids);
  const at::Tensor best = forward.logits(hidden.index_select(0, at::tensor(positions, at::kLong))).argmax(1);
  const int64_t* found = best.const_data_ptr<int64_t>();
  int64_t matches = 0;
  for (const Encoded& row : rows) {
    const auto answer = static_cast<int64_t>(row.ids.size() - row.answer_begin);
    matches += std::equal(found, found + answer, row.ids.begin() + static_cast<int64_t>(row.answer_begin)) ? 1 : 0;
    found += answer;
  }
  return matches;
}

}  // namespace

double exact_match(model::Llama& model, model::Forward& forward, const text::Tokenizer& tokenizer,
                   std::span<const Question> questions, int64_t batch_tokens) {
  std::vector<Encoded> rows;
  for (const Question& question : questions) {
    rows.push_back(encode(tokenizer, question));
    if (rows.back().ids.size() > static_cast<size_t>(model.config.max_position_embeddings)) {
      rows.pop_back();  // does not fit into the model's context: counted as wrong
    }
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Encoded& a, const Encoded& b) { return a.ids.size() > b.ids.size(); });
  int64_t matches = 0;
  for (size_t first = 0; first < rows.size();) {
    const size_t fit = std::max<size_t>(1, static_cast<size_t>(batch_tokens) / rows[first].ids.size());
    const size_t count = std::min(fit, rows.size() - first);
    matches += count_matches(forward, std::span(rows).subspan(first, count));
    first += count;
  }
  return questions.empty() ? 0 : static_cast<double>(matches) / static_cast<double>(questions.size());
}

}  // namespace cambium::eval
