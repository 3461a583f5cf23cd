#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "cambium/model/forward.h"
#include "cambium/text/tokenizer.h"

namespace cambium::eval {

/// A question whose answer has to be said word for word.
struct Question {
  std::string prompt;
  std::string answer;  ///< with the white space it begins with
};

/// Share of questions whose answer greedy decoding gives from the prompt, token by token: the arg-max of every answer
/// position, given the prompt and the answer's tokens before it, is the answer's token. The ids are those of prompt +
/// answer as one text, as the model was trained on. Batches hold at most `batch_tokens` padded tokens.
double exact_match(model::Llama& model, model::Forward& forward, const text::Tokenizer& tokenizer,
                   std::span<const Question> questions, int64_t batch_tokens);

}  // namespace cambium::eval
