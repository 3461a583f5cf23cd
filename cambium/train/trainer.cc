#include "cambium/train/trainer.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>

#include "cambium/base/cpu.h"
#include "cambium/base/files.h"
#include "cambium/base/lock.h"
#include "cambium/base/log.h"
#include "cambium/base/signals.h"
#include "cambium/config/schedule.h"
#include "cambium/dist/join.h"
#include "cambium/model/training_step.h"
#include "cambium/ops/backend.h"
#include "cambium/train/anomaly.h"
#include "cambium/train/apply_growth.h"
#include "cambium/train/batch_reader.h"
#include "cambium/train/checkpoint.h"
#include "cambium/train/checkpoint_saver.h"
#include "cambium/train/metrics.h"
#include "cambium/train/optimizer.h"
#include "cambium/train/rank_start.h"
#include "cambium/train/replicas.h"
#include "cambium/train/run_directory.h"
#include "cambium/train/run_log.h"
#include "cambium/train/setup.h"
#include "cambium/train/step_options.h"
#include "cambium/train/throughput.h"

namespace cambium::train {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kMaxSkippedInARow = 5;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// Removes the checkpoints that the configuration does not keep.
void prune(const RunSetup& setup) {
  std::vector<int64_t> growth_steps;
  for (const growth::GrowthEvent& event : setup.steps.events) {
    growth_steps.push_back(event.step);
  }
  const config::RunConfig& config = setup.config;
  prune_checkpoints(config.run.dir, config.checkpoint, growth_steps);
}

/// Growths and interventions of this run, without those of a parent.
size_t own_events(const TrainState& state) {
  const Branch parent = state.branch.value_or(Branch{});
  return state.growths.size() + state.symmetrized.size() - static_cast<size_t>(parent.growths + parent.symmetrized);
}

/// One run from its start to its end. Steps are numbered by how many are done: step n is the n-th, from 1.
class Trainer {
 public:
  Trainer(RunSetup setup, Start start, const Evaluate& evaluate, dist::Group& group)
      : setup_(std::move(setup)),
        group_(group),
        evaluate_(evaluate),
        config_(setup_.config),
        run_directory_(config_.run.dir),
        start_(std::move(start)),
        learning_rate_(config_.train, setup_.steps),
        metrics_(group.leads()
                     ? Metrics(run_directory_, start_.state.step, own_events(start_.state), config_.log.tensorboard)
                     : Metrics()),
        throughput_(config_, setup_.steps, peak_flops(setup_.device) * static_cast<double>(group.size())),
        replicas_(group, config_.dist),
        saver_(group, start_.from, [this](const fs::path& path) { write_checkpoint(path); }) {
    make_buffers();
  }

  TrainResult run() {
    announce(setup_, start_, group_);
    reader_.emplace(setup_.mixture, setup_.sequences, setup_.micro_batch, state().step, setup_.steps.total);
    while (state().step < setup_.steps.total) {
      grow_where_due();
      symmetrize_where_due();
      const StepOutcome outcome = step();
      ++state().step;
      if (outcome.applied || state().step == setup_.steps.total) {
        log_step(outcome);
      }
      evaluate_where_due();
      if (state().skipped_in_a_row >= kMaxSkippedInARow) {
        save_at_last();
        fail(
            "{} steps in a row had no usable loss or gradient; stopped after step {} with {}\n"
            "  HINT: lower train.learning_rate, or start again from an earlier checkpoint with --resume DIR",
            kMaxSkippedInARow, state().step, saver_.newest().string());
      }
      if (outcome.stop) {
        save_at_last();
        log_info(format("stopped on a signal after step {}; saved {}", state().step, saver_.newest().string()));
        result_.stopped = true;
        break;
      }
      const int64_t every = config_.checkpoint.every;
      if (state().step == setup_.steps.total) {
        save_at_last();
      } else if ((every > 0 && state().step % every == 0) || saver_.retry_is_due()) {
        save(/*grown=*/false);
      }
    }
    result_.steps = state().step;
    result_.seconds = throughput_.elapsed();
    result_.checkpoint = saver_.newest();
    result_.resumed = !start_.from.empty();
    return result_;
  }

 private:
  TrainState& state() { return start_.state; }
  /// Between two steps: all of its weights are here.
  model::Llama& model() {
    replicas_.settle();
    return start_.model;
  }

  /// Everything whose size follows from the depth: gradients and activations. Called at the start and after a growth.
  void make_buffers() {
    step_.reset();
    replicas_.make_buffers(model());
    std::optional<int64_t> document_end;
    if (config_.data.document_mask) {
      document_end = setup_.mixture.sources().front().dataset.end_of_text();
    }
    model::TrainingStep::Options options = step_options(config_.train, document_end);
    options.batch = setup_.micro_batch;
    step_ = std::make_unique<model::TrainingStep>(model(), options);
  }

  double held_out_loss() {
    replicas_.settle();
    return setup_.held_out ? setup_.held_out->loss(*step_, setup_.micro_batch, group_)
                           : std::numeric_limits<double>::quiet_NaN();
  }

  /// Applies the growths that are planned behind the steps done.
  void grow_where_due() {
    const std::vector<growth::GrowthEvent>& events = setup_.steps.events;
    while (state().growths.size() < events.size() && events[state().growths.size()].step == state().step) {
      const growth::GrowthEvent& event = events[state().growths.size()];
      const double before = reference_loss();
      const formats::Json eval_before = evaluate_around_growth("eval_before");
      if (config_.checkpoint.keep_growth && saver_.newest() != checkpoint_path(false)) {
        save(/*grown=*/false);
      }
      const auto begin = Clock::now();
      grow(model(), state(), {event, config::growth_policy(config_)});
      model().config.norm_positions =
          norm_positions(config_, setup_.steps, state().growths.size(), model().num_layers());
      make_buffers();
      if (ops::Backend* device = ops::backend_of(model().weights.embedding)) {
        device->synchronize();
      }
      const double seconds = seconds_since(begin);
      const double after = reference_loss();
      formats::Json line = to_json(state().growths.back());
      line["event"] = "growth";
      line["loss_before"] = before;
      line["loss_after"] = after;
      if (!eval_before.is_null()) {
        line["eval_before"] = eval_before;
        line["eval_after"] = evaluate_around_growth("eval_after");
      }
      line["seconds"] = seconds;  // of the growth alone: copies and buffers, no losses, no checkpoints
      metrics_.log_event(line);
      log_info(format("growth after step {}: {}; loss {:.4f} -> {:.4f}", event.step, describe(state().growths.back()),
                      before, after));
      // Behind the line of the event: a run that goes on from here would never write it.
      if (config_.checkpoint.keep_growth) {
        save(/*grown=*/true);
      }
    }
  }

  /// Makes the model symmetric where that is planned behind the steps done, and behind the growth of that step.
  void symmetrize_where_due() {
    const std::vector<growth::SymmetrizeEvent>& events = setup_.steps.symmetrized;
    while (state().symmetrized.size() < events.size() && events[state().symmetrized.size()].step == state().step) {
      const growth::SymmetrizeEvent& event = events[state().symmetrized.size()];
      const double before = reference_loss();
      symmetrize(model().config, model().weights, state(), event);
      model().refresh_compute();
      make_buffers();  // a recording holds the old copies' addresses
      const double after = reference_loss();
      formats::Json line = to_json(event);
      line["event"] = "symmetrize";
      line["loss_before"] = before;
      line["loss_after"] = after;
      metrics_.log_event(line);
      log_info(format("symmetrize after step {}: strength {}, control {}; loss {:.4f} -> {:.4f}", event.step,
                      event.how.strength, event.how.control, before, after));
    }
  }

  /// What a growth is judged by: held-out loss, or without held-out data the loss on the next micro-batch.
  double reference_loss() {
    if (setup_.held_out) {
      return held_out_loss();
    }
    replicas_.settle();
    const int64_t sequences = config_.train.micro_batch_sequences();
    const dist::Partition::Range own = group_.place().share(sequences);
    const Batch batch =
        read_batch(setup_.mixture, setup_.mixture.batch(state().step), own.begin, own.end, setup_.micro_batch);
    return group_.sum(step_->forward(batch.ids, batch.targets)) /
           static_cast<double>(sequences * config_.train.sequence_length);
  }

  /// Forward and backward of all micro-batches, then the update. On a GPU everything is started before anything is
  /// waited for.
  StepOutcome step() {
    const int64_t target_tokens = config_.train.batch_tokens;
    const double spike_guard = config_.train.spike_guard;
    double waited = 0;
    replicas_.zero_gradients();
    step_->clear_loss();
    for (int64_t first = setup_.sequences.begin; first < setup_.sequences.end; first += setup_.micro_batch) {
      const auto begin = Clock::now();
      const Batch batch = reader_->next();
      waited += seconds_since(begin);
      const bool last = first + setup_.micro_batch >= setup_.sequences.end;
      step_->listen(replicas_.listener(last, step_->loss_sum()));
      step_->forward_backward(batch.ids, batch.targets, 1.0 / static_cast<double>(target_tokens),
                              replicas_.gradients());
    }
    step_->listen(nullptr);
    Limits limits{.clip_norm = config_.train.clip_norm};
    if (spike_guard > 0) {
      limits.highest_loss = state().losses.loss_at(spike_guard);
    }
    const std::vector<bool> trained = trained_blocks(state());
    rate_ = learning_rate_(state().step) * rewarmup_factor(state());
    const Verdict verdict = judge(replicas_.finish(state(), trained), target_tokens, limits);
    update(start_.model, state(), replicas_.gradients(), config_.train, rate_, verdict, trained);
    replicas_.share_weights();
    const StepOutcome outcome = settle(verdict, state(), trained);
    state().tokens += target_tokens;
    if (outcome.applied) {
      state().losses.add(outcome.loss);
      state().skipped_in_a_row = 0;
    } else {
      ++state().skipped_in_a_row;
      refuse(outcome);
    }
    if (config_.run.debug_anomaly) {
      stop_at(find_anomaly(model().config, model().weights));
    }
    throughput_.add_step(state().step, waited);
    return outcome;
  }

  /// Tells why an update was not applied, and which tensor was the first not to be finite.
  void refuse(const StepOutcome& outcome) {
    const std::string objection = objection_to(outcome, state().losses);
    if (group_.leads()) {
      log_warning(format("step {}: {}; its update was not applied", state().step + 1, objection));
    }
    formats::Json line{{"event", "skipped"}, {"step", state().step + 1}, {"reason", objection}};
    const bool finite = std::isfinite(outcome.loss) && std::isfinite(outcome.grad_norm);
    const std::optional<std::string> anomaly =
        finite ? std::nullopt : find_anomaly(model(), micro_batches(), replicas_.gradients());
    if (anomaly) {
      line["first_anomaly"] = *anomaly;
      log_warning(format("step {}: the first that is not finite: {}", state().step + 1, *anomaly));
    }
    metrics_.log_event(line);
    if (!finite && config_.run.debug_anomaly) {
      stop_at(anomaly.value_or(objection));
    }
  }

  /// Ends a run with run.debug_anomaly.
  void stop_at(const std::optional<std::string>& anomaly) {
    if (anomaly) {
      fail("step {}: {} (run.debug_anomaly); the newest checkpoint: {}", state().step + 1, *anomaly,
           saver_.newest_name());
    }
  }

  /// This rank's of the step to come, read again.
  std::vector<Batch> micro_batches() {
    BatchReader again(setup_.mixture, setup_.sequences, setup_.micro_batch, state().step, state().step + 1);
    std::vector<Batch> batches;
    for (int64_t first = setup_.sequences.begin; first < setup_.sequences.end; first += setup_.micro_batch) {
      batches.push_back(again.next());
    }
    return batches;
  }

  void log_step(const StepOutcome& outcome) {
    const int64_t n = state().step;
    const bool last = n == setup_.steps.total;
    const bool validate = setup_.held_out && (last || (config_.data.val_every > 0 && n % config_.data.val_every == 0));
    if (!last && !validate && n % config_.log.every != 0) {
      return;
    }
    const Throughput::Rate rate = throughput_.take();
    StepMetrics line{.step = n,
                     .tokens = state().tokens,
                     .loss = outcome.loss,
                     .grad_norm = outcome.grad_norm,
                     .lr = rate_,
                     .layers = static_cast<int>(model().num_layers()),
                     .tokens_per_second = rate.tokens_per_second,
                     .mfu = rate.mfu,
                     .seconds = throughput_.elapsed(),
                     .data_wait = rate.data_wait,
                     .val_loss = {},
                     .sources = source_use(setup_, n)};
    if (validate) {
      line.val_loss = held_out_loss();
      result_.val_loss = *line.val_loss;
    }
    result_.train_loss = outcome.loss;
    metrics_.log(line);
    log_progress(line, setup_.steps.total, throughput_.eta(n));
  }

  /// Lines `event` = `eval` of metrics.jsonl: every [eval] `every` steps and after the last.
  void evaluate_where_due() {
    const int64_t n = state().step, every = config_.eval.every;
    if (!evaluate_ || (n != setup_.steps.total && (every == 0 || n % every != 0))) {
      return;
    }
    const formats::Json& results = judge_model();
    metrics_.log_event({{"event", "eval"}, {"step", n}, {"layers", model().num_layers()}, {"results", results}});
    metrics_.log_results("eval", n, results);
  }

  /// Null where [eval] asks for none. The results stand in the growth's own line, so that a run which goes on from the
  /// checkpoint before it writes both again.
  formats::Json evaluate_around_growth(std::string_view when) {
    if (!evaluate_ || !config_.eval.growths) {
      return nullptr;
    }
    metrics_.log_results(when, state().step, judge_model());
    return judge_model();
  }

  /// Asked once where a growth follows an evaluation.
  const formats::Json& judge_model() {
    const auto now = std::pair(state().step, state().growths.size());
    if (!judged_ || judged_->first != now) {
      judged_.emplace(now, evaluate_(model(), group_));
    }
    return judged_->second;
  }

  fs::path checkpoint_path(bool grown) { return run_directory_ / "checkpoints" / checkpoint_name(state().step, grown); }

  void save(bool grown) { saver_.save(checkpoint_path(grown), state().step); }

  /// The checkpoint behind which this process ends.
  void save_at_last() { saver_.save_at_last(checkpoint_path(false), state().step, throughput_.elapsed()); }

  void write_checkpoint(const fs::path& path) {
    std::vector<DataPosition> position;
    for (const StepMetrics::SourceUse& source : source_use(setup_, state().step)) {
      position.push_back({source.path, source.tokens / config_.train.sequence_length, source.tokens});
    }
    group_.write_together([&] { metrics_.sync(); });  // before the checkpoint that counts on these lines
    save_checkpoint(path, model(), state(), position, config_.run.seed, setup_.tokenizer_json, group_);
    if (group_.leads()) {
      prune(setup_);
    }
  }

  RunSetup setup_;
  dist::Group& group_;
  const Evaluate& evaluate_;
  const config::RunConfig& config_ = setup_.config;
  fs::path run_directory_;
  Start start_;
  config::LearningRate learning_rate_;
  double rate_ = 0;  ///< of the last step
  Metrics metrics_;
  Throughput throughput_;
  Replicas replicas_;
  std::unique_ptr<model::TrainingStep> step_;
  std::optional<BatchReader> reader_;
  std::optional<std::pair<std::pair<int64_t, size_t>, formats::Json>> judged_;  ///< at step and number of growths
  CheckpointSaver saver_;
  TrainResult result_;
};

/// There is nothing left to do but what a kill right after the last checkpoint left undone.
TrainResult finished(const RunSetup& setup, const Start& start, const dist::Group& group) {
  if (group.leads()) {
    prune(setup);
  }
  log_info(format("finished already: {} is at step {} of {}", start.from, start.state.step, setup.steps.total));
  const FinalLosses losses = read_final_losses(setup.config.run.dir);
  return {.steps = start.state.step,
          .train_loss = losses.train,
          .val_loss = losses.val,
          .checkpoint = start.from,
          .resumed = true};
}

TrainResult train_in(dist::Group& group, const config::RunConfig& config, const Resume& resume,
                     const Evaluate& evaluate) {
  group.agree(program_and_configuration(config));
  std::optional<FileLock> owned;
  const auto lock = [&] {
    if (!owned && fs::is_directory(config.run.dir)) {
      owned.emplace(fs::path(config.run.dir) / ".lock", "training", config.run.dir);
    }
  };
  if (group.leads()) {
    lock();
    restore_replaced(fs::path(config.run.dir) / "checkpoints");
  }
  const std::string from =
      group.from_first(group.leads() ? checkpoint_to_resume(config.run.dir, resume).value_or("").string() : "");
  const Past past = past_of(config, from.empty() ? std::nullopt : std::optional<fs::path>(from));
  RunSetup setup = set_up(config, past, group.place());
  Start begin = start(setup, past);
  group.agree(data_and_start(setup, begin));
  // Only now, with a start that holds and that all have read, is anything written, moved or removed.
  if (group.leads()) {
    make_directories(config.run.dir);
    lock();
  }
  check_shared(config.run.dir, group);
  if (group.leads()) {
    tidy(setup, begin, resume);
  }
  if (begin.state.step >= setup.steps.total) {
    return finished(setup, begin, group);
  }
  if (group.leads()) {
    write_file_atomic(fs::path(config.run.dir) / "config.toml", config::to_toml(setup.config));
    log_to_file(fs::path(config.run.dir) / "log.txt");
  }
  return Trainer(std::move(setup), std::move(begin), evaluate, group).run();
}

}  // namespace

TrainResult train(const config::RunConfig& config, const Resume& resume, const Evaluate& evaluate,
                  const dist::Environment& environment) {
  const StopRequest stop;
  const c10::NoGradGuard no_grad;
  take_own_gpu(config.run, environment);
  at::set_num_threads(thread_count(static_cast<int>(config.run.threads), environment.local_size));
  TrainResult result;
  dist::with_group(environment,
                   {.timeout = std::chrono::milliseconds(std::llround(config.dist.timeout_s * 1000)),
                    .engine = engine_for(config.run, environment)},
                   [&](dist::Group& group) {
                     result = train_in(group, config, resume, evaluate);
                     result.leads = group.leads();
                   });
  return result;
}

}  // namespace cambium::train
