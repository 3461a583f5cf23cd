#include "cambium/train/setup.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/data/manifest.h"
#include "cambium/model/hugging_face.h"
#include "cambium/train/checkpoint.h"
#include "cambium/train/record/manifest.h"
#include "cambium/train/run_directory.h"

namespace cambium::train {
namespace fs = std::filesystem;
namespace {

std::vector<data::Source> open_sources(const config::DataSection& settings, int64_t batch_tokens,
                                       int64_t& epoch_tokens) {
  std::vector<data::Source> sources;
  for (const config::DataSource& source : settings.source) {
    sources.push_back({.name = source.path, .dataset = data::TokenDataset::open(source.path), .weight = source.weight});
    epoch_tokens += sources.back().dataset.num_tokens();
  }
  for (size_t i = 0; i < sources.size(); ++i) {
    sources[i].from_step = settings.source[i].from_step.steps(batch_tokens, epoch_tokens);
    if (settings.source[i].to_step) {
      sources[i].to_step = settings.source[i].to_step->steps(batch_tokens, epoch_tokens);
    }
  }
  return sources;
}

void check_data(const data::TokenDataset& dataset, const std::optional<text::Tokenizer>& tokenizer,
                const config::ModelSection& model) {
  if (tokenizer && dataset.tokenizer_hash() != tokenizer->hash()) {
    bad_input("{}: was prepared with another tokenizer (hash {}) than the run's (hash {})",
              dataset.directory().string(), dataset.tokenizer_hash(), tokenizer->hash());
  }
  if (dataset.vocab_size() > model.architecture.vocab_size) {
    bad_input("{}: holds ids up to {}, but the model's vocabulary (`model.vocab_size`) is {}\n  HINT: {}",
              dataset.directory().string(), dataset.vocab_size() - 1, model.architecture.vocab_size,
              model.init_from.empty() ? format("--set model.vocab_size={}", dataset.vocab_size())
                                      : format("prepare the data with the tokenizer of {}", model.init_from));
  }
}

std::vector<data::TokenDataset> open_held_out(const config::DataSection& settings) {
  std::vector<data::TokenDataset> datasets;
  const auto has_split = [](const fs::path& directory, std::string_view name) {
    const std::vector<data::SplitInfo> splits = data::read_manifest(directory).splits;
    return std::any_of(splits.begin(), splits.end(), [&](const data::SplitInfo& split) { return split.name == name; });
  };
  if (!settings.val.empty()) {
    datasets.push_back(data::TokenDataset::open(settings.val, has_split(settings.val, "val") ? "val" : "train"));
    return datasets;
  }
  for (const config::DataSource& source : settings.source) {
    if (has_split(source.path, "val")) {
      datasets.push_back(data::TokenDataset::open(source.path, "val"));
    }
  }
  return datasets;
}

/// Does what a checkpoint went through agree with what the configuration plans?
void check_events(const TrainRecord& record, const config::ResolvedSteps& steps, const fs::path& checkpoint) {
  for (size_t i = 0; i < record.growths.size(); ++i) {
    if (i >= steps.events.size() || !(record.growths[i].event == steps.events[i])) {
      bad_input("{}: grew from {} to {} layers after step {}, which the configuration does not plan ([growth])",
                checkpoint.string(), record.growths[i].event.from_layers, record.growths[i].event.to_layers,
                record.growths[i].event.step);
    }
  }
  if (record.growths.size() < steps.events.size() && steps.events[record.growths.size()].step < record.step) {
    bad_input("{}: is at step {}, but the configuration plans a growth after step {} that it has not made",
              checkpoint.string(), record.step, steps.events[record.growths.size()].step);
  }
  const size_t done = record.symmetrized.size(), planned = steps.symmetrized.size();
  if (done > planned || (done > 0 && steps.symmetrized[done - 1].step != record.symmetrized.back().step) ||
      (done < planned && steps.symmetrized[done].step < record.step)) {
    bad_input(
        "{}: was made symmetric {} times up to step {}, which the configuration does not plan "
        "(`growth.symmetrize`)",
        checkpoint.string(), done, record.step);
  }
}

/// The model where the run computes.
model::Llama place(const RunSetup& setup, const model::ModelConfig& config, const model::Parameters& weights) {
  return {config, weights.to(setup.device.where), setup.device.precision};
}

Start start_from_checkpoint(const RunSetup& setup, const fs::path& directory) {
  Checkpoint checkpoint = load_checkpoint(directory, setup.part);
  model::ModelConfig expected = setup.config.model.architecture;
  expected.num_hidden_layers = checkpoint.config.num_hidden_layers;
  expected.norm_positions =
      norm_positions(setup.config, setup.steps, checkpoint.state.growths.size(), expected.num_hidden_layers);
  // What names tokens changes no computation.
  expected.bos_token_id = checkpoint.config.bos_token_id;
  expected.eos_token_id = checkpoint.config.eos_token_id;
  if (!(expected == checkpoint.config)) {
    bad_input("{}: is of another architecture than the configuration's [model]", directory.string());
  }
  check_events(checkpoint.state, setup.steps, directory);
  TrainState& state = checkpoint.state;
  state.exp_avg = state.exp_avg.to(setup.device.where);
  state.exp_avg_sq = state.exp_avg_sq.to(setup.device.where);
  return {place(setup, checkpoint.config, checkpoint.weights), std::move(state), directory.string()};
}

Start start_fresh(const RunSetup& setup) {
  const config::ModelSection& settings = setup.config.model;
  model::ModelConfig config = settings.architecture;
  config.num_hidden_layers = setup.steps.initial_layers;
  config.norm_positions = norm_positions(setup.config, setup.steps, 0, config.num_hidden_layers);
  if (!settings.init_from.empty()) {
    const model::ModelConfig stored = model::read_model_config(settings.init_from);
    if (stored.num_hidden_layers != config.num_hidden_layers) {
      bad_input("model.init_from: {} has {} layers, but the run's growth schedule starts at {}", settings.init_from,
                stored.num_hidden_layers, config.num_hidden_layers);
    }
    model::Llama model = place(setup, config, model::read_parameters(settings.init_from, config));
    TrainState state = TrainState::fresh(model, setup.part);
    return {std::move(model), std::move(state), ""};
  }
  model::Parameters weights = model::Parameters::zeros(config, at::kFloat);
  const double std =
      settings.init_std > 0 ? settings.init_std : 1.0 / std::sqrt(static_cast<double>(config.hidden_size));
  model::initialize(config, weights, std, setup.config.run.seed);
  model::Llama model = place(setup, config, weights);
  TrainState state = TrainState::fresh(model, setup.part);
  return {std::move(model), std::move(state), ""};
}

/// Did the state's last growth happen right behind its last step?
bool is_grown(const TrainRecord& record) {
  return !record.growths.empty() && record.growths.back().event.step == record.step;
}

/// The checkpoint that `--resume DIR` means: DIR itself, or the newest of a run's directory.
fs::path checkpoint_of(const fs::path& directory) {
  if (!fs::is_directory(directory / "checkpoints")) {
    const std::string wrong = check_manifest(directory, /*hashes=*/true);
    if (!wrong.empty()) {
      bad_input("{}", wrong);
    }
    return directory;
  }
  const std::optional<fs::path> newest = newest_checkpoint(directory);
  if (!newest) {
    bad_input("{}: holds no complete checkpoint", (directory / "checkpoints").string());
  }
  return *newest;
}

/// How deep the model was at its first `growths` growths.
int layers_after(const TrainRecord& record, size_t growths, int64_t layers_now) {
  if (record.growths.empty()) {
    return static_cast<int>(layers_now);
  }
  return growths == 0 ? record.growths.front().event.from_layers : record.growths[growths - 1].event.to_layers;
}

config::BranchPoint point_of(const Branch& branch, const TrainRecord& record, int64_t layers_now) {
  const auto growths = static_cast<size_t>(branch.growths), symmetrized = static_cast<size_t>(branch.symmetrized);
  if (growths > record.growths.size() || symmetrized > record.symmetrized.size()) {
    bad_input("{}: holds fewer growths than the parent that it names", branch.from);
  }
  config::BranchPoint point{.from = branch.from,
                            .step = branch.step,
                            .layers = layers_after(record, growths, layers_now),
                            .events = {},
                            .symmetrized = {}};
  for (size_t i = 0; i < growths; ++i) {
    point.events.push_back(record.growths[i].event);
  }
  point.symmetrized.assign(record.symmetrized.begin(),
                           record.symmetrized.begin() + static_cast<std::ptrdiff_t>(symmetrized));
  return point;
}

/// The parent's checkpoint, as the run that branches from it remembers it.
Branch branch_from(const fs::path& checkpoint, const TrainerFile& trainer) {
  return {.from = checkpoint.string(),
          .model_hash = stated_hash(checkpoint, "model.safetensors"),
          .step = trainer.record.step,
          .growths = static_cast<int64_t>(trainer.record.growths.size()),
          .symmetrized = static_cast<int64_t>(trainer.record.symmetrized.size()),
          .position = trainer.position};
}

Start start_from_branch(const RunSetup& setup, const Branch& branch) {
  Start begin = start_from_checkpoint(setup, branch.from);
  begin.state.branch = branch;
  begin.from.clear();  // a beginning of its own
  return begin;
}

/// Where the parent's data stood, for the sources that the branch shares with it.
data::MixtureStart mixture_start(const std::optional<Branch>& branch, const std::vector<data::Source>& sources) {
  data::MixtureStart start;
  if (!branch) {
    return start;
  }
  start.step = branch->step;
  std::vector<DataPosition> left = branch->position;
  for (const data::Source& source : sources) {
    int64_t windows = 0;
    for (DataPosition& position : left) {
      windows += position.source == source.name ? std::exchange(position.windows, 0) : 0;
    }
    start.windows.push_back(windows);
  }
  return start;
}

}  // namespace

std::optional<text::Tokenizer> open_tokenizer(const config::DataSection& settings) {
  if (!settings.tokenizer.empty()) {
    return text::Tokenizer::load(settings.tokenizer);
  }
  const std::optional<fs::path> beside = text::Tokenizer::find(settings.source.front().path);
  return beside ? std::optional(text::Tokenizer::load(*beside)) : std::nullopt;
}

std::optional<fs::path> checkpoint_to_resume(const fs::path& run_directory, const Resume& resume) {
  switch (resume.mode) {
    case Resume::Mode::kFrom:
      return checkpoint_of(resume.from);
    case Resume::Mode::kAuto:
      return newest_checkpoint(run_directory);
    case Resume::Mode::kNever:
      break;
  }
  return std::nullopt;
}

Past past_of(const config::RunConfig& config, const std::optional<fs::path>& of_this_run) {
  Past past{.checkpoint = of_this_run, .branch = {}, .point = {}};
  const std::string& parent = config.run.branch_from;
  if (!past.checkpoint && parent.empty()) {
    return past;
  }
  const fs::path checkpoint = past.checkpoint ? *past.checkpoint : checkpoint_of(parent);
  const int64_t layers = model::read_model_config(checkpoint).num_hidden_layers;
  const TrainerFile trainer = read_trainer_file(checkpoint, layers);
  past.branch = past.checkpoint ? trainer.record.branch : branch_from(checkpoint, trainer);
  if (past.branch) {
    past.point = point_of(*past.branch, trainer.record, layers);
  } else if (!parent.empty()) {
    bad_input("{}: `run.dir` holds a run that was not branched from another, but `run.branch_from` is {}",
              config.run.dir, parent);
  }
  return past;
}

std::vector<int64_t> norm_positions(const config::RunConfig& config, const config::ResolvedSteps& steps, size_t growths,
                                    int64_t layers) {
  if (!config.model.architecture.layer_norm_scaling || config.growth.scaling_index != "final" ||
      growths >= steps.events.size()) {
    return {};
  }
  const std::vector<int> positions =
      growth::final_positions(static_cast<int>(layers), std::span(steps.events).subspan(growths));
  return {positions.begin(), positions.end()};
}

std::optional<model::ModelConfig> begun_with(const fs::path& run_directory, const Resume& resume) {
  const std::optional<fs::path> checkpoint = checkpoint_to_resume(run_directory, resume);
  if (!checkpoint) {
    return std::nullopt;
  }
  model::ModelConfig config = model::read_model_config(*checkpoint);
  const TrainRecord record = read_trainer_file(*checkpoint, config.num_hidden_layers).record;
  if (!record.growths.empty()) {
    config.num_hidden_layers = record.growths.front().event.from_layers;
  }
  return config;
}

RunSetup set_up(config::RunConfig config, const Past& past, const dist::Partition& place) {
  if (config.data.source.empty()) {
    bad_input("data.source: expected at least one [[data.source]] with a path");
  }
  int64_t epoch_tokens = 0;
  std::vector<data::Source> sources = open_sources(config.data, config.train.batch_tokens, epoch_tokens);
  const std::optional<text::Tokenizer> tokenizer = open_tokenizer(config.data);
  model::ModelConfig& architecture = config.model.architecture;
  if (architecture.vocab_size == 0) {
    architecture.vocab_size = tokenizer ? tokenizer->vocab_size() : sources.front().dataset.vocab_size();
  }
  model::check(architecture, "[model]");
  architecture.eos_token_id = sources.front().dataset.end_of_text();
  architecture.bos_token_id = sources.front().dataset.end_of_text();
  std::vector<data::TokenDataset> held_out = open_held_out(config.data);
  for (const data::Source& source : sources) {
    check_data(source.dataset, tokenizer, config.model);
  }
  for (const data::TokenDataset& dataset : held_out) {
    check_data(dataset, tokenizer, config.model);
  }

  const int64_t seq = config.train.sequence_length, batch = config.train.batch_tokens / seq;
  std::optional<HeldOut> held_out_windows;
  if (!held_out.empty()) {
    held_out_windows.emplace(std::move(held_out), seq, config.data.val_tokens);
  }
  config::ResolvedSteps steps = config::resolve_steps(config, epoch_tokens);
  if (past.point) {
    continue_from(steps, *past.point, config);
  }
  if (batch < place.size) {
    bad_input("`train.batch_tokens` = {} is {} sequences for {} processes; expected at least one each",
              config.train.batch_tokens, batch, place.size);
  }
  const data::Slice own = data::rank_slice(batch, place.rank, place.size);
  const int64_t most = (batch + place.size - 1) / place.size;
  data::MixtureStart position = mixture_start(past.branch, sources);
  data::Mixture mixture(std::move(sources), seq, batch, config.run.seed, config.data.shuffle, std::move(position));
  return {.config = config,
          .steps = std::move(steps),
          .mixture = std::move(mixture),
          .held_out = std::move(held_out_windows),
          .tokenizer_json = tokenizer ? tokenizer->content() : "",
          .device = Device(config.run),
          .sequences = own,
          .micro_batch = std::min(config.train.micro_batch_sequences(), most),
          .part = config.dist.shard == "optimizer" ? place : dist::Partition()};
}

Start start(const RunSetup& setup, const Past& past) {
  return past.checkpoint ? start_from_checkpoint(setup, *past.checkpoint)
         : past.branch   ? start_from_branch(setup, *past.branch)
                         : start_fresh(setup);
}

void tidy(const RunSetup& setup, const Start& start, const Resume& resume) {
  const fs::path run_directory = setup.config.run.dir;
  const bool goes_on = !start.from.empty();
  remove_leftovers(run_directory);
  if (resume.mode == Resume::Mode::kNever) {
    set_aside(run_directory);
  } else {
    set_aside_newer(run_directory,
                    goes_on ? std::optional(CheckpointName{start.state.step, is_grown(start.state)}) : std::nullopt);
  }
}

}  // namespace cambium::train
