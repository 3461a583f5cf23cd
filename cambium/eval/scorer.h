#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "cambium/eval/tasks/encoder.h"
#include "cambium/eval/tasks/request.h"
#include "cambium/model/forward.h"
#include "cambium/model/packed.h"

namespace cambium::eval {

/// Who answers: a model, its tokenizer, and how its layers are run.
struct Subject {
  model::Llama& model;
  const text::Tokenizer& tokenizer;
  std::vector<int> order = {};  ///< of layers; empty: the model's own

  model::Route route() const { return {.order = order.empty() ? model.order : order}; }
};

struct ScorerSettings {
  int64_t batch_tokens = 4096;  ///< rows of one pass, more only for a single longer sequence
  /// Every request runs alone and nothing is shared: the answers do not depend on batch_tokens in their last bits.
  bool deterministic = false;
};

/// Answers requests: log-likelihoods in passes without padding in which common prefixes (few-shot examples, the context
/// of several choices) are computed once; generations side by side over a cache of keys and values.
class Scorer {
 public:
  using OnAnswer = std::function<void(size_t request, const Response& response)>;
  using OnRouteAnswer = std::function<void(size_t route, size_t request, const Response& response)>;

  Scorer(const Subject& subject, const ScorerSettings& settings);

  /// Calls `answered` once a request, in an order of its own, as soon as each answer stands.
  void answer(std::span<const Request> requests, const OnAnswer& answered);
  /// Answers in the order of the requests.
  std::vector<Response> answer(std::span<const Request> requests);
  /// The answers along each of several routes, not the subject's own: in a scored batch, layers that routes begin with
  /// alike are run once.
  void answer(std::span<const Request> requests, std::span<const model::Route> routes, const OnRouteAnswer& answered);

 private:
  struct Window;
  void score(std::span<const Request> requests, std::span<const model::Route> routes, const OnRouteAnswer& answered);
  void score_batch(std::span<Window> windows, std::span<const model::Route> routes,
                   const std::function<void(size_t route)>& scored);
  void generate(std::span<const Request> requests, const model::Route& route, const OnAnswer& answered);

  Subject subject_;
  ScorerSettings settings_;
  Encoder encoder_;
  model::Forward forward_;  ///< for the head
  model::PackedForward packed_;
};

}  // namespace cambium::eval
