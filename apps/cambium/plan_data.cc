#include "apps/cambium/plan_data.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "cambium/base/error.h"
#include "cambium/data/dataset.h"
#include "cambium/data/manifest.h"
#include "cambium/text/tokenizer.h"

namespace {

using cambium::config::DataSource;
using cambium::config::RunConfig;
using cambium::data::TokenDataset;

bool has_dataset(const std::filesystem::path& directory) {
  return std::filesystem::exists(directory / cambium::data::kManifestFile);
}

int64_t val_tokens(const std::filesystem::path& directory) {
  for (const auto& split : cambium::data::read_manifest(directory).splits) {
    if (split.name == "val") {
      return split.tokens;
    }
  }
  return 0;
}

SourceReport inspect_source(const DataSource& source, const std::string& tokenizer_hash) {
  SourceReport report{.path = source.path, .weight = source.weight, .present = has_dataset(source.path)};
  if (report.present) {
    const TokenDataset dataset = TokenDataset::open(source.path);
    report.tokens = dataset.num_tokens();
    report.val_tokens = val_tokens(source.path);
    report.other_tokenizer = !tokenizer_hash.empty() && dataset.tokenizer_hash() != tokenizer_hash;
  }
  return report;
}

}  // namespace

DataReport inspect_data(const RunConfig& config) {
  DataReport report;
  report.tokenizer = config.data.tokenizer;
  if (report.tokenizer.empty() && !config.data.source.empty()) {
    // As in training: the one that lies in the data.
    const auto beside = cambium::text::Tokenizer::find(config.data.source.front().path);
    report.tokenizer = beside ? beside->string() : "";
  }
  std::string tokenizer_hash;
  if (!report.tokenizer.empty() && std::filesystem::exists(report.tokenizer)) {
    const auto tokenizer = cambium::text::Tokenizer::load(report.tokenizer);
    report.tokenizer_size = tokenizer.vocab_size();
    tokenizer_hash = tokenizer.hash();
    const int64_t vocabulary = config.model.architecture.vocab_size;
    if (vocabulary > 0 && vocabulary < *report.tokenizer_size) {
      cambium::bad_input(
          "`model.vocab_size` = {}, but {} has {} entries; expected at least as many (or 0: as many)\n"
          "  HINT: --set model.vocab_size={}",
          vocabulary, report.tokenizer, *report.tokenizer_size, *report.tokenizer_size);
    }
  }
  bool complete = true;
  for (const DataSource& source : config.data.source) {
    report.sources.push_back(inspect_source(source, tokenizer_hash));
    complete = complete && report.sources.back().present;
    report.epoch_tokens += report.sources.back().tokens;
  }
  report.epoch_tokens = complete ? report.epoch_tokens : 0;
  return report;
}

void plan_mixture(const RunConfig& config, int64_t first_step, int64_t total_steps, DataReport& report) {
  const int64_t batch = config.train.batch_tokens;
  std::set<int64_t> borders{first_step, total_steps};
  for (size_t i = 0; i < report.sources.size(); ++i) {
    const DataSource& source = config.data.source[i];
    SourceReport& entry = report.sources[i];
    const auto within = [&](int64_t step) { return std::clamp(step, first_step, total_steps); };
    entry.from_step = within(source.from_step.steps(batch, report.epoch_tokens));
    entry.to_step = source.to_step ? within(source.to_step->steps(batch, report.epoch_tokens)) : total_steps;
    borders.insert({entry.from_step, entry.to_step});
  }
  for (auto begin = borders.begin(), end = std::next(begin); end != borders.end() && !report.sources.empty();
       ++begin, ++end) {
    MixturePhase phase{*begin, *end, {}};
    double sum = 0;
    for (const SourceReport& source : report.sources) {
      const bool active = source.from_step <= phase.begin && phase.end <= source.to_step;
      phase.shares.push_back(active ? source.weight : 0);
      sum += phase.shares.back();
    }
    for (size_t i = 0; i < phase.shares.size(); ++i) {
      phase.shares[i] /= sum;
      report.sources[i].drawn_tokens +=
          phase.shares[i] * static_cast<double>(phase.end - phase.begin) * static_cast<double>(batch);
    }
    report.phases.push_back(std::move(phase));
  }
}
