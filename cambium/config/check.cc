#include "cambium/config/check.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "cambium/base/text.h"
#include "cambium/growth/operator.h"

namespace cambium::config {
namespace {

/// "512 or 1024": the multiples of `unit` around `value`.
std::string nearest_multiples(int64_t value, int64_t unit) {
  const int64_t below = value / unit * unit;
  return below == 0 ? format("{}", unit) : format("{} or {}", below, below + unit);
}

/// The divisors of `value` around `wanted`.
std::string nearest_divisors(int64_t value, int64_t wanted) {
  int64_t below = 1, above = value;
  for (int64_t small = 1; small <= value / small; ++small) {
    if (value % small != 0) {
      continue;
    }
    for (const int64_t divisor : {small, value / small}) {
      (divisor < wanted ? below : above) = divisor < wanted ? std::max(below, divisor) : std::min(above, divisor);
    }
  }
  return wanted >= value ? format("{}", value) : format("{} or {}", below, above);
}

void check_model(const RunConfig& config, const Origins& origins) {
  model::ModelConfig architecture = config.model.architecture;
  if (architecture.vocab_size == 0) {
    architecture.vocab_size = 1;  // known when training starts
  }
  try {
    model::check(architecture, "[model]");
  } catch (const InvalidArgument& error) {
    // "[model]: `hidden_size`: expected ...": say where that key was given.
    const std::string message = error.what();
    const size_t begin = message.find('`');
    const size_t end = message.find('`', begin + 1);
    if (begin == std::string::npos || end == std::string::npos) {
      origins.fail("{}", message);
    }
    const std::string key = "model." + message.substr(begin + 1, end - begin - 1);
    origins.fail("{}{}", origins.name(key), message.substr(end + 1));
  }
}

void check_batches(const RunConfig& config, const Origins& origins) {
  const TrainSection& train = config.train;
  const int64_t context = config.model.architecture.max_position_embeddings;
  if (train.sequence_length > context) {
    origins.fail("{} = {} is longer than {} = {}", origins.name("train.sequence_length"), train.sequence_length,
                 origins.name("model.max_position_embeddings"), context);
  }
  if (train.batch_tokens % train.sequence_length != 0) {
    origins.fail("{} = {} is no multiple of {} = {}; nearest: {}", origins.name("train.batch_tokens"),
                 train.batch_tokens, origins.name("train.sequence_length"), train.sequence_length,
                 nearest_multiples(train.batch_tokens, train.sequence_length));
  }
  const int64_t sequences = train.batch_tokens / train.sequence_length;
  if (train.micro_batch > 0 && sequences % train.micro_batch != 0) {
    origins.fail("{} = {} does not divide the batch of {} sequences ({} / {}); nearest: {}",
                 origins.name("train.micro_batch"), train.micro_batch, sequences, origins.name("train.batch_tokens"),
                 origins.name("train.sequence_length"), nearest_divisors(sequences, train.micro_batch));
  }
}

void check_optimizer(const RunConfig& config, const Origins& origins) {
  const TrainSection& train = config.train;
  if (train.betas.size() != 2) {
    origins.fail("{} has {} numbers; expected two, for example [0.9, 0.95]", origins.name("train.betas"),
                 train.betas.size());
  }
  if (train.min_lr > train.learning_rate) {
    origins.fail("{} = {} is above {} = {}", origins.name("train.min_lr"), train.min_lr,
                 origins.name("train.learning_rate"), train.learning_rate);
  }
}

void check_symmetrize(const RunConfig& config, const Origins& origins) {
  const GrowthSection& growth = config.growth;
  if (!growth.symmetrize) {
    return;
  }
  const std::vector<int64_t>& at = growth.symmetrize->at;
  if (at.empty() || !std::is_sorted(at.begin(), at.end(), std::less_equal<>())) {
    origins.fail("{}: expected ascending steps, found {}", origins.name("growth.symmetrize.at"),
                 at.empty() ? "none" : format("{}", fmt::join(at, ", ")));
  }
}

void check_growth(const RunConfig& config, const Origins& origins) {
  const GrowthSection& growth = config.growth;
  const int64_t layers = config.model.architecture.num_hidden_layers;
  check_symmetrize(config, origins);
  if (growth.grows() && config.model.architecture.loop) {
    origins.fail("{} and {} do not go together: grow first, then loop the grown model (model.init_from)",
                 origins.name("growth.operator"), origins.name("model.loop"));
  }
  if (growth.op != growth::kExplicit && !growth.event.empty()) {
    origins.fail("`growth.event` is given, but {} is \"{}\", not \"explicit\"", origins.name("growth.operator"),
                 growth.op);
  }
  if (growth.op == growth::kExplicit) {
    if (growth.event.empty() || !growth.at.empty()) {
      origins.fail("{} is \"explicit\": expected [[growth.event]] tables with step, sources and insert_at{}",
                   origins.name("growth.operator"), growth.at.empty() ? "" : ", and no `growth.at`");
    }
    return;  // what does not fit is found when the steps are resolved
  }
  if (!growth.grows()) {
    if (!growth.at.empty()) {
      origins.fail("{} is given, but {} is \"none\": nothing would grow", origins.name("growth.at"),
                   origins.name("growth.operator"));
    }
    return;
  }
  if (!growth::find_operator(growth.op).doubles && layers % growth.block_size != 0) {
    origins.fail("{} = {} is no multiple of {} = {}; nearest: {}", origins.name("model.num_hidden_layers"), layers,
                 origins.name("growth.block_size"), growth.block_size, nearest_multiples(layers, growth.block_size));
  }
  if (growth.schedule != "at") {
    return;
  }
  if (growth.at.empty()) {
    origins.fail("{} is \"at\", but {} lists no steps", origins.name("growth.schedule"), origins.name("growth.at"));
  }
  for (size_t i = 1; i < growth.at.size(); ++i) {
    if (growth.at[i] <= growth.at[i - 1]) {
      origins.fail("{}: {} follows {}; expected ascending steps", origins.name("growth.at"), growth.at[i],
                   growth.at[i - 1]);
    }
  }
  const int64_t most = layers / growth.block_size - 1;
  if (!growth::find_operator(growth.op).doubles && static_cast<int64_t>(growth.at.size()) > most) {
    origins.fail("{} lists {} growths by {} layers, but {} = {} leaves room for {}", origins.name("growth.at"),
                 growth.at.size(), growth.block_size, origins.name("model.num_hidden_layers"), layers, most);
  }
}

}  // namespace

void check(const RunConfig& config, const Origins& origins) {
  if (!config.run.branch_from.empty() && !config.model.init_from.empty()) {
    origins.fail("{} and {} both name what the run starts from; give one of them", origins.name("run.branch_from"),
                 origins.name("model.init_from"));
  }
  check_model(config, origins);
  check_batches(config, origins);
  check_optimizer(config, origins);
  check_growth(config, origins);
  if (!needs_epochs(config)) {
    resolve_steps(config, 0, origins);
  }
}

}  // namespace cambium::config
