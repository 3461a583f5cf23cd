#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "cambium/model/forward.h"
#include "cambium/model/packed.h"

namespace cambium::eval {

struct Prompt {
  size_t request;            ///< whatever the caller knows it by
  std::vector<int32_t> ids;  ///< at least one
  int64_t max_tokens;        ///< new ones
};

struct GeneratorSettings {
  const model::Route& route;
  std::optional<int32_t> end_of_text = {};
  int64_t batch_tokens = 4096;  ///< rows of one pass
  bool alone = false;           ///< one prompt after the other, each from its first token
};

/// Hears the tokens made so far for a prompt, after each new one. `last`: nothing will follow (end of text, which is
/// not among the tokens, or the limit). True ends the prompt; it is not heard of again after that, nor after `last`.
using OnTokens = std::function<bool(const Prompt& prompt, std::span<const int32_t> made, bool last)>;

/// Continues prompts greedily, side by side: each has a lane of key and value slots; a lane that becomes free takes the
/// next prompt, whose first tokens are taken from a lane that holds the same ones.
void generate_all(model::Llama& model, model::Forward& forward, model::PackedForward& packed,
                  std::vector<Prompt> prompts, const GeneratorSettings& settings, const OnTokens& on_tokens);

}  // namespace cambium::eval
