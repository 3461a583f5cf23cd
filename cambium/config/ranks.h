#pragma once

#include <cstdint>
#include <vector>

#include "cambium/config/plan.h"

namespace cambium::config {

/// Processes, and what they are connected by.
struct Network {
  int64_t ranks = 1;
  double bandwidth = 0;  ///< bytes a second that a process sends while it receives as many; 0: not known
  double latency = 0;    ///< seconds until a message has arrived
};

/// One of the stages of a plan as one of N processes sees it: what it holds, what a step sends, how long a step takes.
///
/// With P parameters, gradients are G = 4 P bytes. A sum over N processes in a ring sends 2 (N-1)/N G bytes from each;
/// a shared optimizer (`dist.shard`) sends (N-1)/N G for the gradients and as much for the weights, but on the CPU
/// twice that for the gradients, since Gloo sums them whole. A bucket takes its bytes over the bandwidth and
/// 2 ceil(log2 N) latencies.
///
/// The sums overlap with the backward pass of the last micro-batch (two thirds of its time), the weights with the next
/// forward pass of the first (one third). What does not fit there is exposed, and of the sums never less than the last
/// bucket, of the weights never less than one.
struct RankStage {
  MemoryEstimate memory;
  double sent;           ///< bytes of a process in a step
  double compute;        ///< seconds of a step
  double communication;  ///< likewise; 0 where the network is not known
  double exposed;        ///< of the communication: what nothing overlaps with
  double seconds() const { return compute + exposed; }
  double efficiency() const { return compute / seconds(); }
};

/// The plan's stages for `network`. `flops_per_second`: training FLOPs of one process; 0: not known, as all seconds
/// then are. Throws InvalidArgument for more processes than sequences in a batch.
std::vector<RankStage> share(const RunConfig& config, const Plan& plan, const Network& network,
                             double flops_per_second);

/// Seconds of the whole run.
double total_seconds(const Plan& plan, const std::vector<RankStage>& stages);

}  // namespace cambium::config
