#include "cambium/config/ranks.h"

#include <algorithm>
#include <cmath>

#include "cambium/base/error.h"

namespace cambium::config {
namespace {

double real(int64_t value) { return static_cast<double>(value); }

int64_t divided_up(int64_t amount, int64_t by) { return (amount + by - 1) / by; }

RankStage share(const RunConfig& config, const Plan& plan, const Stage& stage, const Network& network,
                double flops_per_second) {
  const TrainSection& train = config.train;
  const bool on_cpu = plan.device.device == "cpu", shards = config.dist.shard == "optimizer" && network.ranks > 1;
  const int64_t batch = train.batch_tokens / train.sequence_length;
  const int64_t own = divided_up(batch, network.ranks);  // of the rank that has most
  const int64_t micro_batch = std::min(train.micro_batch_sequences(), own);
  model::ModelConfig model = config.model.architecture;
  model.num_hidden_layers = stage.layers;

  RankStage found{};
  found.memory = training_memory(model, {.layers = stage.layers,
                                         .micro_batch = micro_batch,
                                         .sequence_length = train.sequence_length,
                                         .bfloat16 = plan.device.precision == "bfloat16",
                                         .recompute = train.recompute_mode(),
                                         .on_cpu = on_cpu});
  found.memory.moments /= shards ? real(network.ranks) : 1;

  const double bytes = 4 * real(stage.parameters);
  const double others = real(network.ranks - 1) / real(network.ranks);
  const double sums = (shards && !on_cpu ? 1 : 2) * others * bytes, weights = shards ? others * bytes : 0;
  found.sent = sums + weights;

  const double step_flops = stage.flops / real(stage.end - stage.begin);
  found.compute = flops_per_second > 0 ? step_flops * real(own) / real(batch) / flops_per_second : 0;
  if (network.bandwidth <= 0 || network.ranks == 1) {
    return found;
  }
  const double layer_bytes = 4 * real(model.layer_parameters());
  const double bucket = std::min(bytes, shards ? layer_bytes : config.dist.bucket_mb * 1e6);
  const double latency = 2 * std::ceil(std::log2(real(network.ranks))) * network.latency;
  const auto seconds = [&](double sent) { return sent / network.bandwidth + std::ceil(bytes / bucket) * latency; };
  const auto one_bucket = [&](double sent) { return sent * bucket / bytes / network.bandwidth + latency; };
  const double pass = found.compute / real(divided_up(own, micro_batch));
  found.communication = seconds(sums) + (shards ? seconds(weights) : 0);
  found.exposed = std::max(one_bucket(sums), seconds(sums) - 2 * pass / 3);
  found.exposed += shards ? std::max(one_bucket(weights), seconds(weights) - pass / 3) : 0;
  return found;
}

}  // namespace

std::vector<RankStage> share(const RunConfig& config, const Plan& plan, const Network& network,
                             double flops_per_second) {
  const int64_t batch = config.train.batch_tokens / config.train.sequence_length;
  if (network.ranks > batch) {
    throw InvalidArgument(
        format("{} processes for a batch of {} sequences (`train.batch_tokens` / "
               "`train.sequence_length`); expected at least one each",
               network.ranks, batch));
  }
  std::vector<RankStage> stages;
  for (const Stage& stage : plan.stages) {
    stages.push_back(share(config, plan, stage, network, flops_per_second));
  }
  return stages;
}

double total_seconds(const Plan& plan, const std::vector<RankStage>& stages) {
  double total = 0;
  for (size_t i = 0; i < stages.size(); ++i) {
    total += real(plan.stages[i].end - plan.stages[i].begin) * stages[i].seconds();
  }
  return total;
}

}  // namespace cambium::config
