#include <algorithm>
#include <cmath>

#include "bench/train_report.h"
#include "cambium/base/format.h"
#include "cambium/base/progress.h"

namespace cambium::bench {
namespace {

using config::AttentionCost;
using formats::Json;

constexpr const char* kMfuFormula = "training FLOPs per token * best tokens per second / peak FLOPs per second";
/// Below this share of the processor, a repeat's rate is not the machine's.
constexpr double kEnoughProcessor = 0.9;

Json products_json(const TrainReport& report, const ProductTimes& times) {
  return {{"step_seconds", times.seconds},
          {"flops_per_second", times.flops / times.seconds},
          {"tokens_per_second", times.tokens_per_second},
          {"training_reaches", report.best() / times.tokens_per_second}};
}

std::string rate(double tokens_per_second) { return format_count(std::llround(tokens_per_second)); }

std::string products_line(const TrainReport& report, const ProductTimes& times, std::string_view by) {
  return format("products   {} tokens/s by {} ({:.0f} GFLOP/s); training reaches {:.0f} % of it\n",
                rate(times.tokens_per_second), by, times.flops / times.seconds / 1e9,
                100 * report.best() / times.tokens_per_second);
}

std::string machine_text(const TrainReport& report) {
  const Machine& machine = report.machine;
  const std::string cpu = machine.cpu.empty() ? "unknown processor" : machine.cpu;
  if (report.on_gpu()) {
    return format("machine    {}\n           beside {}, {} threads, load {:.1f}\n", machine.gpu, cpu, machine.threads,
                  machine.load) +
           format("paths      kernels of our own, products: {}\n", machine.products);
  }
  return format("machine    {}, {} threads, load {:.1f}\n", cpu, machine.threads, machine.load) +
         format("paths      {} kernels; products: {}\n", machine.kernels, machine.products);
}

std::string profile_text(const TrainReport& report, const StepProfile& profile) {
  const double step = static_cast<double>(report.config.train.batch_tokens) / report.best();
  std::string text = format("\n{:<28}{:>8}{:>12}{:>9}\n", "op", "calls", "ms a step", "share");
  for (const OpTime& time : profile.ops) {
    text += format("{:<28}{:>8}{:>12.2f}{:>7.1f} %\n", time.op, time.calls, 1e3 * time.seconds,
                   100 * time.seconds / profile.seconds);
  }
  return text + format("{:<28}{:>8}{:>12.2f}   (a whole step of the best repeat: {:.2f} ms)\n", "sum", "",
                       1e3 * profile.seconds, 1e3 * step);
}

}  // namespace

Json to_json(const TrainReport& report) {
  const model::ModelConfig& shape = report.config.model.architecture;
  const config::TrainSection& train = report.config.train;
  Json json;
  json["machine"] = {{"gpu", report.machine.gpu},           {"cpu", report.machine.cpu},
                     {"threads", report.machine.threads},   {"kernels", report.machine.kernels},
                     {"products", report.machine.products}, {"load", report.machine.load}};
  json["device"] = report.device.device;
  json["precision"] = report.device.precision;
  json["shape"] = {{"vocab_size", shape.vocab_size},
                   {"hidden_size", shape.hidden_size},
                   {"intermediate_size", shape.intermediate_size},
                   {"num_hidden_layers", shape.num_hidden_layers},
                   {"num_attention_heads", shape.num_attention_heads},
                   {"num_key_value_heads", shape.num_key_value_heads},
                   {"tie_word_embeddings", shape.tie_word_embeddings},
                   {"parameters", shape.parameters()},
                   {"sequence_length", train.sequence_length},
                   {"batch_tokens", train.batch_tokens},
                   {"micro_batch", report.micro_batch},
                   {"recompute", train.recompute}};
  json["loss"] = report.loss;
  json["tokens_per_second"] = report.best();
  json["tokens_per_second_median"] = report.median();
  json["repeats"] = Json::array();
  for (const Trainee::Lap& lap : report.laps) {
    json["repeats"].push_back({{"tokens_per_second", lap.tokens_per_second},
                               {"steps", lap.steps},
                               {"seconds", lap.seconds},
                               {"cpu_share", lap.cpu_share}});
  }
  json["peak_flops"] = report.peak_flops;
  json["peak_from"] = report.peak_from;
  if (report.on_gpu()) {
    json["peak_memory"] = report.peak_memory;
  }
  json["flops_per_token"] = report.flops_per_token(AttentionCost::kFull);
  json["flops_per_token_causal"] = report.flops_per_token(AttentionCost::kCausal);
  json["mfu"] = report.mfu(AttentionCost::kFull);
  json["mfu_causal"] = report.mfu(AttentionCost::kCausal);
  json["mfu_formula"] = kMfuFormula;
  if (report.library_products && report.own_products) {
    json["products"] = {{"library", products_json(report, *report.library_products)},
                        {"own", products_json(report, *report.own_products)}};
  }
  if (report.profile) {
    json["ops"] = Json::array();
    for (const OpTime& time : report.profile->ops) {
      json["ops"].push_back({{"op", time.op},
                             {"calls", time.calls},
                             {"seconds", time.seconds},
                             {"share", time.seconds / report.profile->seconds}});
    }
    json["ops_seconds"] = report.profile->seconds;
  }
  return json;
}

std::string to_text(const TrainReport& report) {
  const model::ModelConfig& shape = report.config.model.architecture;
  const config::TrainSection& train = report.config.train;
  std::string text = machine_text(report);
  text += format("precision  {} ({})\n", report.device.precision, report.device.reason);
  text += format("model      {} parameters: vocabulary {}, hidden {}, ffn {}, {} layers, {} heads of {}, {} for keys\n",
                 format_count(shape.parameters()), shape.vocab_size, shape.hidden_size, shape.intermediate_size,
                 shape.num_hidden_layers, shape.num_attention_heads, shape.head_dim(), shape.num_key_value_heads);
  text += format("step       {} sequences of {} tokens, {} at a time{}; forward, backward, clipping, AdamW\n",
                 train.batch_tokens / train.sequence_length, train.sequence_length, report.micro_batch,
                 train.recompute == "none" ? "" : format(", {} recomputation", train.recompute));
  std::vector<std::string> rates;
  double processor = 1;
  for (const Trainee::Lap& lap : report.laps) {
    rates.push_back(rate(lap.tokens_per_second));
    processor = std::min(processor, lap.cpu_share);
  }
  text += format("\ntraining   {} tokens/s best, {} median of {}: {}\n", rate(report.best()), rate(report.median()),
                 rates.size(), fmt::join(rates, "  "));
  if (processor < kEnoughProcessor && !report.on_gpu()) {  // beside a GPU it waits most of the time
    text +=
        format("           a repeat had {:.0f} % of the processors only: others are at work here\n", 100 * processor);
  }
  text += format("mfu        {:.0f} % ({:.0f} % with causal attention counted once) = {}\n",
                 100 * report.mfu(AttentionCost::kFull), 100 * report.mfu(AttentionCost::kCausal), kMfuFormula);
  text += format("           {:.1f} M ({:.1f} M) FLOPs a token; peak {:.0f} GFLOP/s, {}\n",
                 report.flops_per_token(AttentionCost::kFull) / 1e6,
                 report.flops_per_token(AttentionCost::kCausal) / 1e6, report.peak_flops / 1e9, report.peak_from);
  if (report.on_gpu()) {
    text += format("memory     {:.2f} GiB of the GPU's at most\n", static_cast<double>(report.peak_memory) / (1 << 30));
  }
  if (report.library_products && report.own_products) {
    text += products_line(report, *report.library_products, "LibTorch's at::mm");
    text += products_line(report, *report.own_products, "the ops of training");
    text += "           (nothing but the products of weights with activations, attention's left out)\n";
  }
  if (report.profile) {
    text += profile_text(report, *report.profile);
    text +=
        report.on_gpu() ? "(of the ops each by itself: the GPU is waited for around it, and no graph is used)\n" : "";
  }
  return text;
}

}  // namespace cambium::bench
