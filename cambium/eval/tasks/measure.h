#pragma once

#include <span>

#include "cambium/eval/tasks/example.h"

namespace cambium::eval {

/// The metrics of one answered question under one answer filter, by name. A number each, but for what is only known of
/// all together: [log-likelihood, words or bytes] for the perplexities, an object for SQuAD.
formats::Json measure(const Task& task, const TaskQuestion& question, std::span<const Response> responses,
                      const AnswerFilter& filter);

/// -Σ log p / tokens by the documents' `source`, and by how many tokens a prediction saw (the one in front of the text
/// included): buckets that begin at 1, 2, 4, 8, … A model that uses its context gets better along them.
formats::Json nll_profile(std::span<const TaskQuestion> questions, std::span<const Response> responses);

}  // namespace cambium::eval
