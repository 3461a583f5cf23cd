#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/base/random.h"
#include "cambium/data/synth/templates.h"

namespace cambium::data {

/// Items are divided by the hash of their canonical form, so that nothing made for training can be made held-out.
enum class SynthSplit { kTrain, kHeldout };

/// One generated text. For tasks with an answer `text` = `prompt` + `answer`, the answer with its leading space or line
/// break; else both are empty.
struct SynthItem {
  std::string task;
  std::string text;
  std::string prompt, answer;
  std::string canonical;  ///< the content without its names and its wording: what the split goes by
};

struct SynthTask {
  std::string name;
  std::string about;  ///< one sentence
  bool has_answer;
  /// Draws one item of either split. `progress`: how far through the data it stands, 0 to 1; only the curriculum looks.
  std::function<SynthItem(CounterRandom& random, double progress)> draw;
};

/// The reasoning primitives of Saunshi et al. 2024, the English corpus ("world") and the mixture of everything
/// ("curriculum").
const std::vector<SynthTask>& synth_tasks();
/// The same with the primitives in another wording or of other sizes.
std::vector<SynthTask> synth_tasks_of(const PrimitiveTemplates& templates);
/// The task of that name, or all whose names begin with it and a hyphen ("copy" -> both copying tasks). Throws
/// InvalidArgument for an unknown name (naming the nearest).
std::vector<const SynthTask*> select_synth_tasks(std::string_view name,
                                                 const std::vector<SynthTask>& tasks = synth_tasks());

/// True for about one item in ten; a pure function of the canonical form.
bool is_heldout(std::string_view canonical);
/// Draws until an item of the split comes up.
SynthItem make_item(const SynthTask& task, CounterRandom& random, SynthSplit split, double progress = 0);

/// "train" or "heldout"; throws InvalidArgument for others.
SynthSplit parse_synth_split(std::string_view name);

}  // namespace cambium::data
