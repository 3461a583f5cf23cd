#include "cambium/eval/scorer.h"

#include <algorithm>
#include <map>

#include "cambium/eval/generator.h"
#include "cambium/eval/prefix_tree.h"

namespace cambium::eval {
/// One stretch of tokens to score and what came out.
struct Scorer::Window {
  size_t request;
  ScoredTokens tokens;
  bool last;  ///< of its request
  std::vector<float> log_probs = {};
  bool greedy = true;
};

Scorer::Scorer(const Subject& subject, const ScorerSettings& settings)
    : subject_(subject),
      settings_(settings),
      encoder_(subject.tokenizer, subject.model.config.max_position_embeddings),
      forward_(subject.model),
      packed_(subject.model) {}

void Scorer::answer(std::span<const Request> requests, const OnAnswer& answered) {
  const model::Route route = subject_.route();
  answer(requests, std::span(&route, 1),
         [&](size_t, size_t request, const Response& response) { answered(request, response); });
}

void Scorer::answer(std::span<const Request> requests, std::span<const model::Route> routes,
                    const OnRouteAnswer& answered) {
  score(requests, routes, answered);
  for (size_t route = 0; route < routes.size(); ++route) {
    generate(requests, routes[route],
             [&](size_t request, const Response& response) { answered(route, request, response); });
  }
}

std::vector<Response> Scorer::answer(std::span<const Request> requests) {
  std::vector<Response> responses(requests.size());
  answer(requests, [&](size_t request, const Response& response) { responses[request] = response; });
  return responses;
}

void Scorer::score(std::span<const Request> requests, std::span<const model::Route> routes,
                   const OnRouteAnswer& answered) {
  std::vector<Window> batch;
  std::vector<Response> open(routes.size());  // of the request whose windows are being answered
  const auto take = [&](size_t route) {
    for (const Window& window : batch) {
      Response& response = open[route];
      for (const float log_prob : window.log_probs) {
        response.log_likelihood += log_prob;
      }
      response.greedy = window.greedy;
      if (requests[window.request].kind == Request::Kind::kRolling) {
        response.token_log_probs.insert(response.token_log_probs.end(), window.log_probs.begin(),
                                        window.log_probs.end());
        const auto longest = static_cast<int32_t>(window.tokens.input.size());
        for (auto left = static_cast<int32_t>(window.log_probs.size()); left-- > 0;) {
          response.token_contexts.push_back(longest - left);
        }
      }
      if (window.last) {
        answered(route, window.request, response);
        response = {};
      }
    }
  };
  const auto flush = [&] {
    score_batch(batch, routes, take);
    batch.clear();
  };
  int64_t rows = 0;
  for (size_t i = 0; i < requests.size(); ++i) {
    std::vector<Window> windows;
    if (requests[i].kind == Request::Kind::kLogLikelihood) {
      windows.push_back({i, encoder_.pair(requests[i].context, requests[i].continuation), true});
    } else if (requests[i].kind == Request::Kind::kRolling) {
      for (ScoredTokens& tokens : encoder_.rolling(requests[i].continuation)) {
        windows.push_back({i, std::move(tokens), false});
      }
      if (windows.empty()) {
        for (size_t route = 0; route < routes.size(); ++route) {
          answered(route, i, {});
        }
        continue;
      }
      windows.back().last = true;
    }
    for (Window& window : windows) {
      // Choices of one question follow each other: what a window shares with the one before it costs nothing.
      const std::vector<int32_t>& input = window.tokens.input;
      size_t shared = 0;
      if (!batch.empty()) {
        const std::vector<int32_t>& before = batch.back().tokens.input;
        shared = static_cast<size_t>(std::mismatch(input.begin(), input.end(), before.begin(), before.end()).first -
                                     input.begin());
      }
      const auto added = static_cast<int64_t>(input.size() - shared);
      if (!batch.empty() && (settings_.deterministic || rows + added > settings_.batch_tokens)) {
        flush();
        rows = 0;
      }
      rows += batch.empty() ? static_cast<int64_t>(input.size()) : added;
      batch.push_back(std::move(window));
    }
  }
  flush();
}

void Scorer::score_batch(std::span<Window> windows, std::span<const model::Route> routes,
                         const std::function<void(size_t route)>& scored) {
  if (windows.empty()) {
    return;
  }
  std::vector<std::span<const int32_t>> sequences;
  for (const Window& window : windows) {
    sequences.emplace_back(window.tokens.input);
  }
  const PrefixTree tree = build_prefix_tree(sequences, !settings_.deterministic);

  // Who waits for the prediction of which row: a row that ends a shared context serves all its choices.
  struct Target {
    size_t window, index;
  };
  std::map<int64_t, std::vector<Target>> targets;
  for (size_t i = 0; i < windows.size(); ++i) {
    const size_t count = windows[i].tokens.targets.size(), first = tree.row_of[i].size() - count;
    windows[i].log_probs.resize(count);
    for (size_t k = 0; k < count; ++k) {
      targets[tree.row_of[i][first + k]].push_back({i, k});
    }
  }
  packed_.hidden(tree.rows, routes, [&](size_t route, const at::Tensor& hidden) {
    for (Window& window : windows) {
      window.greedy = true;
    }
    constexpr size_t kRowsAtOnce = 256;
    for (auto from = targets.begin(); from != targets.end();) {
      std::vector<int64_t> rows;
      auto to = from;
      for (; to != targets.end() && rows.size() < kRowsAtOnce; ++to) {
        rows.push_back(to->first);
      }
      const at::Tensor logits =
          forward_.logits(hidden.index_select(0, at::tensor(rows, at::kLong).to(hidden.device())));
      const at::Tensor sums = at::logsumexp(logits, 1), best = logits.argmax(1);
      const int64_t vocab = logits.size(1);
      for (size_t row = 0; from != to; ++from, ++row) {
        const float* values = logits.const_data_ptr<float>() + static_cast<int64_t>(row) * vocab;
        for (const Target& target : from->second) {
          Window& window = windows[target.window];
          const int32_t id = window.tokens.targets[target.index];
          window.log_probs[target.index] = values[id] - sums.const_data_ptr<float>()[row];
          window.greedy = window.greedy && best.const_data_ptr<int64_t>()[row] == id;
        }
      }
    }
    scored(route);
  });
}

void Scorer::generate(std::span<const Request> requests, const model::Route& route, const OnAnswer& answered) {
  std::vector<Prompt> prompts;
  for (size_t i = 0; i < requests.size(); ++i) {
    if (requests[i].kind == Request::Kind::kGenerate) {
      prompts.push_back({.request = i,
                         .ids = encoder_.prompt(requests[i].context, requests[i].max_tokens),
                         .max_tokens = encoder_.room(requests[i].max_tokens)});
    }
  }
  if (prompts.empty()) {
    return;
  }
  const GeneratorSettings settings{.route = route,
                                   .end_of_text = encoder_.end_of_text(),
                                   .batch_tokens = settings_.batch_tokens,
                                   .alone = settings_.deterministic};
  generate_all(subject_.model, forward_, packed_, std::move(prompts), settings,
               [&](const Prompt& prompt, std::span<const int32_t> made, bool last) {
                 // A text is done where it holds a stop string; it ends in front of the first.
                 std::string text = encoder_.decode(made);
                 const size_t whole = text.size();
                 for (const std::string& stop : requests[prompt.request].until) {
                   text = stop.empty() ? text : text.substr(0, text.find(stop));
                 }
                 const bool done = last || text.size() < whole;
                 if (done) {
                   Response response;
                   response.text = std::move(text);
                   answered(prompt.request, response);
                 }
                 return done;
               });
}

}  // namespace cambium::eval
