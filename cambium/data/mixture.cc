#include "cambium/data/mixture.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "cambium/base/error.h"
#include "cambium/base/hash.h"
#include "cambium/base/random.h"

namespace cambium::data {

Mixture::Mixture(std::vector<Source> sources, int64_t sequence_length, int64_t batch_sequences, uint64_t seed,
                 bool shuffle, MixtureStart start)
    : sources_(std::move(sources)),
      sequence_length_(sequence_length),
      batch_sequences_(batch_sequences),
      seed_(seed),
      shuffle_(shuffle),
      start_(std::move(start)) {
  start_.windows.resize(sources_.size(), 0);
  if (sequence_length < 1 || batch_sequences < 1) {
    bad_input("a batch of {} sequences of {} tokens: expected at least one of each", batch_sequences, sequence_length);
  }
  if (sources_.empty()) bad_input("the mixture has no source: expected at least one [[data.source]]");
  for (size_t i = 0; i < sources_.size(); ++i) {
    const Source& source = sources_[i];
    if (!(source.weight > 0) || !std::isfinite(source.weight)) {
      bad_input("source {}: weight {}: expected a positive number", source.name, source.weight);
    }
    if (source.dataset.num_windows(sequence_length) < 1) {
      bad_input("source {}: {} tokens, too few for one window of {} + 1", source.name, source.dataset.num_tokens(),
                sequence_length);
    }
    if (source.from_step < 0 || source.to_step <= source.from_step) {
      bad_input("source {}: steps {} to {}: expected from_step >= 0 and to_step behind it", source.name,
                source.from_step, source.to_step);
    }
    const auto same = std::find_if(sources_.begin(), sources_.begin() + static_cast<std::ptrdiff_t>(i),
                                   [&](const Source& other) { return other.dataset.hash() == source.dataset.hash(); });
    stream_of_.push_back(static_cast<int>(same - sources_.begin()));
  }
  plan_phases();
  for (const Source& source : sources_) {
    if (shuffle_) source.dataset.expect_random_reads();
  }
}

void Mixture::plan_phases() {
  std::set<int64_t> changes{start_.step};
  for (const Source& source : sources_) {
    for (const int64_t step : {source.from_step, source.to_step}) {
      if (step > start_.step) changes.insert(step);
    }
  }
  for (auto change = changes.begin(); std::next(change) != changes.end(); ++change) {
    const int64_t begin = *change, end = *std::next(change);
    std::vector<int> active;
    std::vector<double> weights;
    for (int s = 0; s < static_cast<int>(sources_.size()); ++s) {
      if (sources_[s].from_step > begin || sources_[s].to_step < end) continue;
      active.push_back(s);
      weights.push_back(sources_[s].weight);
    }
    if (active.empty()) bad_input("no source covers steps {} to {} of the mixture", begin, end - 1);
    phases_.push_back({begin, end, active, TurnSequence(integer_shares(weights))});
  }
}

std::vector<int64_t> Mixture::windows_before(int64_t step) const {
  std::vector<int64_t> taken = start_.windows;
  for (const Phase& phase : phases_) {
    if (step <= phase.begin) break;
    const auto counts = phase.turns.counts((std::min(step, phase.end) - phase.begin) * batch_sequences_);
    for (size_t i = 0; i < counts.size(); ++i) taken[static_cast<size_t>(phase.sources[i])] += counts[i];
  }
  return taken;
}

std::vector<WindowRef> Mixture::batch(int64_t step) const {
  const auto phase =
      std::find_if(phases_.begin(), phases_.end(), [&](const Phase& p) { return p.begin <= step && step < p.end; });
  if (phase == phases_.end())
    bad_input("step {}: no source of the mixture covers it (the last step is {})", step, phases_.back().end - 1);
  const auto before = windows_before(step);
  std::vector<int64_t> taken(sources_.size(), 0);  // by stream
  for (size_t s = 0; s < sources_.size(); ++s) taken[static_cast<size_t>(stream_of_[s])] += before[s];

  std::vector<WindowRef> refs;
  refs.reserve(static_cast<size_t>(batch_sequences_));
  const int64_t first_turn = (step - phase->begin) * batch_sequences_;
  for (int64_t i = 0; i < batch_sequences_; ++i) {
    const int source = phase->sources[static_cast<size_t>(phase->turns.party(first_turn + i))];
    refs.push_back(locate(source, taken[static_cast<size_t>(stream_of_[static_cast<size_t>(source)])]++));
  }
  return refs;
}

WindowRef Mixture::locate(int source, int64_t taken) const {
  const TokenDataset& dataset = sources_[static_cast<size_t>(source)].dataset;
  const int64_t count = dataset.num_windows(sequence_length_);
  const int64_t epoch = taken / count;
  const int64_t index = taken % count;
  if (!shuffle_) return {source, index, epoch};
  const uint64_t key = hash64(format("{}/{}", dataset.hash(), epoch), seed_);
  return {source,
          static_cast<int64_t>(KeyedPermutation(static_cast<uint64_t>(count), key)(static_cast<uint64_t>(index))),
          epoch};
}

void Mixture::read_window(const WindowRef& ref, std::span<int32_t> out) const {
  sources_[static_cast<size_t>(ref.source)].dataset.read(ref.window * sequence_length_, out);
}

void Mixture::read_ahead(const WindowRef& ref) const {
  sources_[static_cast<size_t>(ref.source)].dataset.read_ahead(ref.window * sequence_length_, sequence_length_ + 1);
}

std::vector<double> Mixture::epochs_before(int64_t step) const {
  const std::vector<int64_t> taken = windows_before(step);
  std::vector<double> of_stream(sources_.size(), 0), epochs;
  for (size_t s = 0; s < sources_.size(); ++s) {
    of_stream[static_cast<size_t>(stream_of_[s])] +=
        static_cast<double>(taken[s]) / static_cast<double>(sources_[s].dataset.num_windows(sequence_length_));
  }
  for (const int stream : stream_of_) epochs.push_back(of_stream[static_cast<size_t>(stream)]);
  return epochs;
}

std::vector<int32_t> Mixture::window(const WindowRef& ref) const {
  std::vector<int32_t> tokens(static_cast<size_t>(sequence_length_) + 1);
  read_window(ref, tokens);
  return tokens;
}

}  // namespace cambium::data
