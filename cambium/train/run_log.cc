#include "cambium/train/run_log.h"

#include <cmath>

#include "cambium/base/log.h"
#include "cambium/base/progress.h"

namespace cambium::train {
namespace {

/// Data seen more than about four times teaches little more (Muennighoff et al. 2023, "Scaling Data-Constrained
/// Language Models").
void warn_of_repetition(const RunSetup& setup) {
  constexpr double kManyEpochs = 4;
  const std::vector<double> epochs = setup.mixture.epochs_before(setup.steps.total);
  for (size_t i = 0; i < epochs.size(); ++i) {
    if (epochs[i] > kManyEpochs) {
      const data::Source& source = setup.mixture.sources()[i];
      log_warning(format("{}: its {} tokens are gone through {:.1f} times by the last step", source.name,
                         format_count(source.dataset.num_tokens()), epochs[i]));
    }
  }
}

}  // namespace

void announce(const RunSetup& setup, const Start& start, const dist::Group& group) {
  const config::RunConfig& config = setup.config;
  log_info(format("model: {} parameters, {} layers now, {} at the end", format_count(start.model.config.parameters()),
                  start.model.num_layers(), config.model.architecture.num_hidden_layers));
  log_info(format("device: {}", describe(setup.device)));
  if (group.size() > 1) {
    log_info(format("processes: {}, {} a batch in the first; shared: {}", group.size(),
                    format_count(setup.sequences.end - setup.sequences.begin), config.dist.shard));
  }
  log_info(format("steps: {} of {} tokens, {} done", setup.steps.total, config.train.batch_tokens, start.state.step));
  if (start.state.branch) {
    log_info(format("branched from {} after step {}", start.state.branch->from, start.state.branch->step));
  }
  if (!start.from.empty()) {
    log_info(format("resumed from {}", start.from));
  }
  if (group.leads()) {
    warn_of_repetition(setup);
  }
}

void log_progress(const StepMetrics& metrics, int64_t total_steps, double eta) {
  log_info(format("step {}/{}  loss {:.4f}{}  lr {:.2e}  grad {:.2f}  layers {}  {} tok/s  mfu {:.0f} %  ETA {}",
                  metrics.step, total_steps, metrics.loss,
                  metrics.val_loss ? format("  val {:.4f}", *metrics.val_loss) : "", metrics.lr, metrics.grad_norm,
                  metrics.layers, format_count(std::llround(metrics.tokens_per_second)), 100 * metrics.mfu,
                  format_duration(eta)));
}

std::vector<StepMetrics::SourceUse> source_use(const RunSetup& setup, int64_t steps) {
  const std::vector<int64_t> windows = setup.mixture.windows_before(steps);
  const std::vector<double> epochs = setup.mixture.epochs_before(steps);
  std::vector<StepMetrics::SourceUse> use;
  for (size_t i = 0; i < windows.size(); ++i) {
    use.push_back({setup.mixture.sources()[i].name, windows[i] * setup.config.train.sequence_length, epochs[i]});
  }
  return use;
}

std::string objection_to(const StepOutcome& outcome, const LossStatistics& losses) {
  if (!std::isfinite(outcome.loss)) {
    return std::isnan(outcome.loss) ? "the loss is not a number" : "the loss is infinite";
  }
  if (!std::isfinite(outcome.grad_norm)) {
    return std::isnan(outcome.grad_norm) ? "the gradient's norm is not a number" : "the gradient's norm is infinite";
  }
  return format("the loss of {:.4f} is {:.1f} standard deviations above its mean", outcome.loss,
                losses.z_score(outcome.loss));
}

}  // namespace cambium::train
