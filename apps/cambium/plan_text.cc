#include <algorithm>
#include <array>
#include <cmath>

#include "apps/cambium/plan_report.h"
#include "cambium/base/format.h"
#include "cambium/base/progress.h"
#include "cambium/config/step_count.h"
#include "cambium/growth/operator.h"

namespace {

using cambium::format;
using cambium::format_bytes;
using cambium::format_count;
using cambium::config::Plan;
using cambium::config::RunConfig;
using cambium::config::Stage;

/// 4.19e11 -> "419.4 B".
std::string amount(double count) {
  constexpr std::array kUnits{"", " k", " M", " B", " T"};
  size_t unit = 0;
  while (count >= 999.95 && unit + 1 < kUnits.size()) {
    count /= 1000;
    ++unit;
  }
  return unit == 0 ? format("{:.0f}", count) : format("{:.1f}{}", count, kUnits[unit]);
}

std::string title(std::string_view text) { return format("\n{}\n", text); }

std::string model_part(const RunConfig& config, const Plan& plan) {
  const auto& model = config.model.architecture;
  std::string text =
      format("{} parameters, {} a layer", format_count(plan.parameters), format_count(model.layer_parameters()));
  if (plan.steps.initial_layers < model.num_hidden_layers) {
    text += format("; {} at the start, with {} layers", format_count(plan.stages.front().parameters),
                   plan.steps.initial_layers);
  }
  text += format("\n  {} layers, hidden {}, ffn {}, {} heads ({} key/value), vocabulary {}, {} head{}\n",
                 model.num_hidden_layers, model.hidden_size, model.intermediate_size, model.num_attention_heads,
                 model.num_key_value_heads, model.vocab_size, model.tie_word_embeddings ? "tied" : "untied",
                 model.layer_norm_scaling ? ", LN-Scaling" : "");
  if (model.vocab_size == 0) {
    text += "  vocabulary: taken from the tokenizer, which is missing; embedding and head are not counted here\n";
  }
  return title("Model") + "  " + text;
}

std::string rate_part(const RunConfig& config, const Plan& plan) {
  const auto& train = config.train;
  std::string text =
      format("  learning rate {}: warm-up over {} steps, then ", train.learning_rate, format_count(plan.steps.warmup));
  if (train.schedule != "wsd") {
    return text +
           (train.schedule == "constant" ? "constant\n" : format("{} decay to {}\n", train.schedule, train.min_lr));
  }
  text += "constant";
  if (plan.steps.cooldown > 0) {
    text += format(", {} cooldown over the last {} to {}", train.cooldown_shape, format_count(plan.steps.cooldown),
                   train.min_lr);
  }
  return text + '\n';
}

std::string training_part(const RunConfig& config, const Plan& plan) {
  const auto& train = config.train;
  return title("Training") +
         format("  {} steps of {} tokens ({} sequences of {}, {} a pass): {} tokens\n", format_count(plan.steps.total),
                format_count(train.batch_tokens), train.batch_tokens / train.sequence_length, train.sequence_length,
                plan.micro_batch, amount(plan.tokens)) +
         (plan.steps.first_step > 0
              ? format("  from step {} on, of {}\n", format_count(plan.steps.first_step), config.run.branch_from)
              : "") +
         rate_part(config, plan) +
         format("  on {} in {} ({})\n", plan.device.device, plan.device.precision, plan.device.reason);
}

std::string schedule_text(const cambium::config::GrowthSection& growth, const Plan& plan) {
  if (plan.steps.growth == 0) {
    return "at given steps";
  }
  const std::string total = format("T = {} steps", format_count(plan.steps.growth));
  if (growth.schedule == "once") {
    return format("once, after {} of {}", growth.fraction, total);
  }
  return growth.schedule == "uniform" ? "stages of equal length, " + total
                                      : format("prop schedule, alpha {}, {}", growth.alpha, total);
}

/// What a growth does beside copying.
std::string policy_text(const RunConfig& config) {
  const cambium::growth::Policy policy = growth_policy(config);
  std::string text = format(", moments: {}", policy.moments);
  if (policy.noise != 0) text += format(", noise {}", policy.noise);
  if (policy.output_scale != 1) text += format(", outputs times {}", policy.output_scale);
  if (policy.rewarmup_steps != 0) text += format(", {} steps of warm-up", policy.rewarmup_steps);
  if (policy.freeze_steps != 0) text += format(", old layers rest for {} steps", policy.freeze_steps);
  if (config.model.architecture.layer_norm_scaling) {
    text += format(", LN-Scaling by the {} depth", config.growth.scaling_index);
  }
  return text;
}

std::string sources_text(const cambium::growth::Growth& growth) {
  using cambium::growth::Making;
  const std::string sources = format("{}", fmt::join(growth.sources, " "));
  switch (growth.making) {
    case Making::kCopy:
      return sources;
    case Making::kIdentity:
      return sources + ", silent";
    case Making::kFresh:
      return "none: new";
    case Making::kAverage:
      return format("{} and {}, averaged", sources, fmt::join(growth.partners, " "));
  }
  return sources;
}

std::string symmetrize_part(const Plan& plan) {
  std::string text;
  for (const auto& event : plan.steps.symmetrized) {
    text += format("  symmetrize after step {}: strength {}, control {}, pairs of blocks", format_count(event.step),
                   event.how.strength, event.how.control);
    for (const auto& [one, other] : event.pairs) text += format(" {}-{}", one, other);
    text += '\n';
  }
  return text;
}

std::string growth_part(const RunConfig& config, const Plan& plan) {
  const auto& growth = config.growth;
  if (plan.steps.events.empty()) {
    return title("Growth") + "  none: full depth from the first step\n" + symmetrize_part(plan);
  }
  std::string text = "  " + growth.op;
  if (growth.grows() && growth.op != cambium::growth::kExplicit) {
    text +=
        cambium::growth::find_operator(growth.op).doubles ? ", doubling" : format(" by {} layers", growth.block_size);
  }
  text += ", " + schedule_text(growth, plan) + policy_text(config) + '\n';
  text += format("  {:>10}  {:>10}  {:<16} {}\n", "after step", "layers", "copies of", "inserted at");
  for (const auto& event : plan.steps.events) {
    text += format("  {:>10}  {:>10}  {:<16} {}{}\n", format_count(event.step),
                   format("{} -> {}", event.from_layers, event.to_layers), sources_text(event.growth),
                   event.growth.places.empty() ? format("{}", event.growth.insert_at)
                                               : format("{}", fmt::join(event.growth.places, " ")),
                   event.step < plan.steps.first_step ? "  (in the parent)" : "");
  }
  text += symmetrize_part(plan);
  text += "  each layer at the end descends from layer\n   ";
  for (size_t layer = 0; layer < plan.lineage.size(); ++layer) {
    text += layer > 0 && layer % static_cast<size_t>(growth.block_size) == 0 ? " |" : "";
    text += plan.lineage[layer] == cambium::growth::kNoSource ? " *" : format(" {}", plan.lineage[layer]);
  }
  text += '\n';
  return title("Growth") + text;
}

/// Depth over steps, one character for an equal share of the run.
std::string depth_line(const RunConfig& config, const Plan& plan) {
  constexpr std::array kBars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr int kColumns = 60;
  std::string bars;
  for (int column = 0; column < kColumns; ++column) {
    const int64_t begin = plan.steps.first_step;
    const int64_t step = begin + (plan.steps.total - begin) * column / kColumns;
    const auto stage = std::find_if(plan.stages.begin(), plan.stages.end(),
                                    [&](const Stage& candidate) { return step < candidate.end; });
    const double share =
        static_cast<double>(stage->layers) / static_cast<double>(config.model.architecture.num_hidden_layers);
    bars += kBars[static_cast<size_t>(std::ceil(share * kBars.size())) - 1];
  }
  return bars;
}

/// How long it takes, where a rate is known.
std::string duration_part(const Plan& plan, double flops_per_second) {
  if (flops_per_second <= 0) {
    return "";
  }
  const cambium::config::Duration duration = predict(plan, flops_per_second);
  std::string text =
      format("  at {:.3g} training FLOPs per second {}", flops_per_second, cambium::format_duration(duration.total));
  if (plan.flops_ratio() > 1) {
    text += format(", at full depth {}", cambium::format_duration(duration.full_depth));
  }
  text += "; by stage";
  for (const double seconds : duration.stages) text += ' ' + cambium::format_duration(seconds);
  return text + '\n';
}

/// What each of several processes holds, sends and takes.
std::string ranks_part(const RunConfig& config, const Plan& plan, const Machine& machine) {
  const cambium::config::Network& network = machine.network;
  if (network.ranks == 1) {
    return "";
  }
  const std::vector<cambium::config::RankStage> stages = share(config, plan, network, machine.flops_per_second);
  const bool knows_network = network.bandwidth > 0, knows_rate = machine.flops_per_second > 0;
  std::string text = format("  each of {} processes, shared: {}", network.ranks, config.dist.shard);
  text += knows_network
              ? format("; sends {}/s, {:.3g} us a message\n", format_bytes(network.bandwidth), network.latency * 1e6)
              : "; --bandwidth tells how long sending takes\n";
  text += format("  {:>6}  {:>9}  {:>11}", "layers", "memory", "sent a step");
  text += knows_network ? format("  {:>13}", "communication") : "";
  text += knows_rate ? format("  {:>10}", "a step") : "";
  text += knows_network && knows_rate ? format("  {:>10}  {:>10}", "of it bare", "efficiency") : "";
  text += '\n';
  for (size_t i = 0; i < stages.size(); ++i) {
    const cambium::config::RankStage& stage = stages[i];
    text += format("  {:>6}  {:>9}  {:>11}", plan.stages[i].layers, format_bytes(stage.memory.total()),
                   format_bytes(stage.sent));
    text += knows_network ? format("  {:>11.4g} s", stage.communication) : "";
    text += knows_rate ? format("  {:>8.4g} s", stage.seconds()) : "";
    text +=
        knows_network && knows_rate ? format("  {:>8.3g} s  {:>8.1f} %", stage.exposed, 100 * stage.efficiency()) : "";
    text += '\n';
  }
  if (knows_rate) {
    text += format("  the run takes {}, {:.1f} times as fast as one process\n",
                   cambium::format_duration(total_seconds(plan, stages)),
                   predict(plan, machine.flops_per_second).total / total_seconds(plan, stages));
  }
  return title("Processes") + text;
}

std::string stages_part(const RunConfig& config, const Plan& plan, double flops_per_second) {
  std::string text = format("  {:>6}  {:>21}  {:>9}  {:>6}  {:>14}  {:>9}  {:>9}\n", "layers", "steps", "length",
                            "share", "parameters", "FLOPs", "memory");
  for (const Stage& stage : plan.stages) {
    const int64_t length = stage.end - stage.begin;
    text += format("  {:>6}  {:>21}  {:>9}  {:>4.1f} %  {:>14}  {:>9.3g}  {:>9}\n", stage.layers,
                   format("{} to {}", format_count(stage.begin), format_count(stage.end)), format_count(length),
                   100 * static_cast<double>(length) / static_cast<double>(plan.steps.total - plan.steps.first_step),
                   format_count(stage.parameters), stage.flops, format_bytes(stage.memory.total()));
  }
  const auto& memory = plan.stages.back().memory;
  text += format(
      "  memory of the last: weights {}, moments {}, gradients {}, bfloat16 copy {}, activations {}, logits {}, "
      "packed matrices {}, the program {}\n",
      format_bytes(memory.weights), format_bytes(memory.moments), format_bytes(memory.gradients),
      format_bytes(memory.compute_copy), format_bytes(memory.activations), format_bytes(memory.logits),
      format_bytes(memory.packed), format_bytes(memory.program));
  text += format("  depth  {}\n", depth_line(config, plan));
  text += format("  mean depth {:.2f} of {} layers\n", plan.mean_depth, config.model.architecture.num_hidden_layers);
  text += format("  {:.4g} training FLOPs", plan.flops);
  if (plan.flops_ratio() > 1) {
    text += format("; at full depth {:.4g}, {:.3f} times as many: {:.1f} % saved", plan.full_depth_flops,
                   plan.flops_ratio(), 100 * (1 - 1 / plan.flops_ratio()));
    const auto saving = cambium::config::saving(config.model.architecture, plan, config.train.sequence_length);
    text += format(
        "\n  full depth over planned, counting the layers' matrices alone {:.3f}, with attention {:.3f} (causal "
        "{:.3f}), "
        "with the head {:.3f}, with both {:.3f}",
        saving.layers, saving.attention, saving.causal, saving.head, saving.all);
  }
  return title("Stages") + text + '\n' + duration_part(plan, flops_per_second);
}

std::string source_line(const SourceReport& source, int64_t total) {
  std::string text = format("  {}: ", source.path);
  text += source.present ? format("{} tokens, {} held out, {:.2f} epochs", amount(static_cast<double>(source.tokens)),
                                  amount(static_cast<double>(source.val_tokens)), source.epochs())
                         : std::string("missing");
  text += format("; {} tokens drawn", amount(source.drawn_tokens));
  if (source.from_step > 0 || source.to_step < total) {
    text += format(", steps {} to {}", format_count(source.from_step), format_count(source.to_step));
  }
  return text + (source.other_tokenizer ? "; made with another tokenizer\n" : "\n");
}

std::string data_part(const RunConfig& config, const Plan& plan, const DataReport& data) {
  std::string text = title("Data");
  if (data.tokenizer.empty()) {
    text += "  no tokenizer given (data.tokenizer)\n";
  } else {
    text += format("  tokenizer {}: {}\n", data.tokenizer,
                   data.tokenizer_size ? format("{} entries", format_count(*data.tokenizer_size)) : "missing");
  }
  if (data.sources.empty()) {
    text += "  no sources given ([[data.source]])\n";
  }
  for (const SourceReport& source : data.sources) {
    text += source_line(source, plan.steps.total);
  }
  for (const MixturePhase& phase : data.phases) {
    text += format("  mixture of steps {} to {}:", format_count(phase.begin), format_count(phase.end));
    for (size_t i = 0; i < phase.shares.size(); ++i) {
      if (phase.shares[i] > 0) {
        text += format(" {} {:.1f} %", config.data.source[i].path, 100 * phase.shares[i]);
        text += i + 1 < phase.shares.size() ? "," : "";
      }
    }
    text += '\n';
  }
  return text;
}

std::string keys_part(const RunConfig& config) {
  return title("Configuration") + '\n' + cambium::config::to_toml(config);
}

}  // namespace

std::string plan_text(const RunConfig& config, const Plan& plan, const DataReport& data, const Machine& machine) {
  const std::string text = model_part(config, plan) + training_part(config, plan) + growth_part(config, plan) +
                           stages_part(config, plan, machine.flops_per_second) + ranks_part(config, plan, machine) +
                           data_part(config, plan, data) + keys_part(config);
  return text.substr(1);  // no empty line above the first title
}
