#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cambium::eval {

/// What a task asks a model, in text. The meaning of each kind is lm-evaluation-harness's.
struct Request {
  enum class Kind {
    kLogLikelihood,  ///< of `continuation` given `context`
    kRolling,        ///< of every token of `continuation`, in windows of the model's length
    kGenerate,       ///< greedy continuation of `context` up to a stop string or the end-of-text token
  };
  Kind kind = Kind::kLogLikelihood;
  std::string context = {};
  std::string continuation = {};
  std::vector<std::string> until = {};
  int64_t max_tokens = 256;
};

struct Response {
  double log_likelihood = 0;                 ///< nats
  bool greedy = false;                       ///< the arg-max of every position of the continuation is its token
  std::string text = {};                     ///< generated, without the stop string
  std::vector<float> token_log_probs = {};   ///< of a rolling request, one a token
  std::vector<int32_t> token_contexts = {};  ///< of a rolling request: tokens that each was predicted from
};

}  // namespace cambium::eval
