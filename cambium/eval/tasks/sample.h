#pragma once

#include <span>

#include "cambium/eval/tasks/example.h"

namespace cambium::eval {

/// One line of samples_<task>_<date>.jsonl, with the harness's keys: doc_id, doc, target, arguments, resps,
/// filtered_resps, filter, metrics, hashes (XXH3-128 here), and the value of each metric.
formats::Json sample_line(const Task& task, const TaskQuestion& question, std::span<const Response> responses,
                          const AnswerFilter& filter, const formats::Json& measured, size_t index);

}  // namespace cambium::eval
