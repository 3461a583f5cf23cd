#include "cambium/config/keys.h"

#include "cambium/growth/operator.h"
#include "cambium/growth/symmetry.h"

namespace cambium::config {
namespace {

/// The field at the end of a chain of members: at<&RunConfig::train, &TrainSection::steps>.
template <auto... Members, typename Owner>
Field at(Owner& owner) {
  return &(owner.*....*Members);
}

Rule any() { return {}; }
Rule at_least(double low) { return {.low = low}; }
Rule above(double low) { return {.low = low, .low_excluded = true}; }
Rule between(double low, double high) { return {.low = low, .high = high}; }
Rule fraction() { return {.low = 0, .high = 1, .high_excluded = true}; }
Rule one_of(std::vector<std::string> choices) { return {.choices = std::move(choices)}; }

constexpr double kMostSize = 1 << 24;  // of a dimension: products of two stay far below 2^63
constexpr double kMostLayers = 1 << 14;
constexpr double kMostTokens = 1e12;

std::vector<std::string> growth_operators() {
  std::vector<std::string> names = growth::operator_names();
  names.insert(names.begin(), "none");
  names.emplace_back(growth::kExplicit);
  return names;
}

std::vector<std::string> with_empty(std::vector<std::string> names) {
  names.insert(names.begin(), "");
  return names;
}

}  // namespace

const std::vector<Key<RunConfig>>& run_keys() {
  using R = RunConfig;
  constexpr auto kArchitecture = &ModelSection::architecture;
  using A = model::ModelConfig;
  static const std::vector<Key<R>> keys = {
      {"run", "dir", at<&R::run, &RunSection::dir>, any(),
       "The run's directory: metrics, log and checkpoints; a run found there is continued."},
      {"run", "seed", at<&R::run, &RunSection::seed>, at_least(0),
       "Seed of the initial weights and of the order of the data."},
      {"run", "threads", at<&R::run, &RunSection::threads>, between(0, 4096),
       "CPU threads; 0: as many as the machine has cores."},
      {"run", "device", at<&R::run, &RunSection::device>, one_of({"auto", "cpu", "cuda"}),
       "Where to compute; auto: the GPU where one is seen, else the CPU."},
      {"run", "precision", at<&R::run, &RunSection::precision>, one_of({"auto", "float32", "bfloat16"}),
       "Compute type; weights, moments and sums are float32 in any case. auto: bfloat16 on a GPU and on CPUs with "
       "avx512_bf16 or amx_bf16."},
      {"run", "branch_from", at<&R::run, &RunSection::branch_from>, any(),
       "A checkpoint of another run whose weights, moments, steps and data position this one goes on from."},
      {"run", "deterministic", at<&R::run, &RunSection::deterministic>, any(),
       "Only kernels that give the same bits each time."},
      {"run", "debug_anomaly", at<&R::run, &RunSection::debug_anomaly>, any(),
       "End at the first step whose weights, activations or gradients hold a NaN or an infinity."},

      {"model", "preset", at<&R::model, &ModelSection::preset>, one_of(with_empty(model::preset_names())),
       "A named architecture; the keys below change single sizes of it.",
       "\"tiny\" where [model] gives neither init_from nor sizes"},
      {"model", "init_from", at<&R::model, &ModelSection::init_from>, any(),
       "A model directory (a checkpoint or a Hugging Face LLaMA) whose weights the run starts from, and whose "
       "architecture it takes where no preset is given."},
      {"model", "vocab_size", at<&R::model, kArchitecture, &A::vocab_size>, between(0, kMostSize),
       "Entries of the vocabulary; 0: those of data.tokenizer, taken when training starts.", "the preset's, else 0"},
      {"model", "hidden_size", at<&R::model, kArchitecture, &A::hidden_size>, between(1, kMostSize),
       "Width of the residual stream.", "the preset's"},
      {"model", "intermediate_size", at<&R::model, kArchitecture, &A::intermediate_size>, between(1, kMostSize),
       "Width of the SwiGLU layer.", "the preset's"},
      {"model", "num_hidden_layers", at<&R::model, kArchitecture, &A::num_hidden_layers>, between(1, kMostLayers),
       "Layers at the end of the run, after all growth.", "the preset's"},
      {"model", "num_attention_heads", at<&R::model, kArchitecture, &A::num_attention_heads>, between(1, kMostSize),
       "Query heads; hidden_size is a multiple.", "the preset's"},
      {"model", "num_key_value_heads", at<&R::model, kArchitecture, &A::num_key_value_heads>, between(1, kMostSize),
       "Key and value heads, shared by groups of query heads.", "the preset's, else num_attention_heads"},
      {"model", "max_position_embeddings", at<&R::model, kArchitecture, &A::max_position_embeddings>,
       between(1, kMostSize), "The longest sequence the model is meant for.", "the preset's, else 2048"},
      {"model", "rope_theta", at<&R::model, kArchitecture, &A::rope_theta>, above(0),
       "Base of the rotary position frequencies.", "the preset's, else 10000.0"},
      {"model", "rms_norm_eps", at<&R::model, kArchitecture, &A::rms_norm_eps>, above(0),
       "Added to the mean square inside RMSNorm.", "the preset's, else 1e-06"},
      {"model", "tie_word_embeddings", at<&R::model, kArchitecture, &A::tie_word_embeddings>, any(),
       "The head uses the embedding matrix.", "the preset's, else false"},
      {"model", "layer_norm_scaling", at<&R::model, kArchitecture, &A::layer_norm_scaling>, any(),
       "LN-Scaling (Sun et al. 2025): both norms of layer l, counted from 1, times 1/sqrt(l).",
       "the preset's, else false"},
      {"model", "init_std", at<&R::model, &ModelSection::init_std>, at_least(0),
       "Standard deviation of the initial weights; 0: 1/sqrt(hidden_size)."},

      {"growth", "operator", at<&R::growth, &GrowthSection::op>, one_of(growth_operators()),
       "How the model grows (docs/growth.md); none: full depth from the first step; explicit: as growth.event lists."},
      {"growth", "block_size", at<&R::growth, &GrowthSection::block_size>, between(1, kMostLayers),
       "Layers that each growth adds; the depth at the end is a multiple. Operators that double the depth use it for "
       "their start only."},
      {"growth", "start_layers", at<&R::growth, &GrowthSection::start_layers>, between(0, kMostLayers),
       "Depth at the start of the schedules prop and uniform; 0: block_size."},
      {"growth", "schedule", at<&R::growth, &GrowthSection::schedule>, one_of({"prop", "uniform", "once", "at"}),
       "prop: the stage at depth i * block_size lasts in proportion to i^alpha. uniform: all stages last equally long. "
       "once: one growth, after growth.fraction of T. at: the steps listed in growth.at.",
       "\"at\" where growth.at is given, else \"prop\""},
      {"growth", "alpha", at<&R::growth, &GrowthSection::alpha>, between(0, 16), "Exponent of the prop schedule."},
      {"growth", "fraction", at<&R::growth, &GrowthSection::fraction>,
       Rule{.low = 0, .high = 1, .low_excluded = true, .high_excluded = true}, "When the schedule `once` grows, in T."},
      {"growth", "steps", at<&R::growth, &GrowthSection::steps>, any(),
       "Length of the schedule, T; 0: all of train.steps but the cooldown."},
      {"growth", "at", at<&R::growth, &GrowthSection::at>, at_least(1),
       "Steps taken before each growth, ascending; the run starts that many blocks below num_hidden_layers."},
      {"growth", "moments", at<&R::growth, &GrowthSection::moments>, one_of({"copy", "zero", "copy_reset_step"}),
       "What the new layers start with as AdamW moments: their sources', none, or their sources' with bias correction "
       "as "
       "at the first step."},
      {"growth", "noise", at<&R::growth, &GrowthSection::noise>, at_least(0),
       "Noise on the new layers' matrices: standard deviation relative to each matrix's root mean square."},
      {"growth", "output_scale", at<&R::growth, &GrowthSection::output_scale>, at_least(0),
       "Factor of the new layers' o_proj and down_proj."},
      {"growth", "rewarmup_steps", at<&R::growth, &GrowthSection::rewarmup_steps>, at_least(0),
       "After a growth the learning rate rises linearly from 0 to its schedule's value over so many steps."},
      {"growth", "freeze_steps", at<&R::growth, &GrowthSection::freeze_steps>, at_least(0),
       "After a growth only the new layers are trained for so many steps."},
      {"growth", "scaling_index", at<&R::growth, &GrowthSection::scaling_index>, one_of({"current", "final"}),
       "What LN-Scaling counts a layer's index in: the model as it is, or the model at the end of all growth."},

      {"train", "steps", at<&R::train, &TrainSection::steps>, any(), "Length of the run."},
      {"train", "sequence_length", at<&R::train, &TrainSection::sequence_length>, between(1, kMostSize),
       "Tokens of a training sequence."},
      {"train", "batch_tokens", at<&R::train, &TrainSection::batch_tokens>, between(1, kMostTokens),
       "Tokens a step over all processes; a multiple of sequence_length."},
      {"train", "micro_batch", at<&R::train, &TrainSection::micro_batch>, between(0, kMostTokens),
       "Sequences a forward pass; gradients are summed in float32 over the batch. 0: the whole batch at once."},
      {"train", "learning_rate", at<&R::train, &TrainSection::learning_rate>, above(0), "The peak learning rate."},
      {"train", "warmup_steps", at<&R::train, &TrainSection::warmup_steps>, any(),
       "Linear warm-up: step i, counted from 0, uses learning_rate * (i + 1) / warmup_steps.",
       "100, and at most a tenth of train.steps"},
      {"train", "schedule", at<&R::train, &TrainSection::schedule>, one_of({"wsd", "cosine", "constant", "linear"}),
       "The learning rate after the warm-up; wsd: constant, then the cooldown."},
      {"train", "cooldown_steps", at<&R::train, &TrainSection::cooldown_steps>, any(),
       "Last part of a wsd run, over which the learning rate falls to min_lr; other schedules ignore it."},
      {"train", "cooldown_shape", at<&R::train, &TrainSection::cooldown_shape>, one_of({"1-sqrt", "linear", "cosine"}),
       "How it falls."},
      {"train", "min_lr", at<&R::train, &TrainSection::min_lr>, at_least(0),
       "Learning rate at the end of a decay; the step after the last would use it."},
      {"train", "betas", at<&R::train, &TrainSection::betas>, fraction(), "AdamW's two decay rates."},
      {"train", "eps", at<&R::train, &TrainSection::eps>, above(0), "AdamW's epsilon."},
      {"train", "weight_decay", at<&R::train, &TrainSection::weight_decay>, at_least(0),
       "Decoupled weight decay, times the learning rate."},
      {"train", "decay", at<&R::train, &TrainSection::decay>, one_of({"matrices", "all"}),
       "What decays: matrices only, or norms too."},
      {"train", "clip_norm", at<&R::train, &TrainSection::clip_norm>, at_least(0),
       "Largest global norm of the gradient; 0: no clipping."},
      {"train", "z_loss", at<&R::train, &TrainSection::z_loss>, at_least(0),
       "Weight of the squared log-partition in the loss; 0: off."},
      {"train", "spike_guard", at<&R::train, &TrainSection::spike_guard>, at_least(0),
       "Skips the update of a step whose loss lies that many standard deviations above the recent ones; 0: off."},
      {"train", "recompute", at<&R::train, &TrainSection::recompute>,
       Rule{.choices = {"none", "selective", "full"}, .when_false = "none", .when_true = "full"},
       "What the backward pass computes again instead of keeping it. selective: norms, activations and the stream "
       "between a layer's halves, for a few per cent of time; full: all but layer inputs, for about a third."},

      {"data", "tokenizer", at<&R::data, &DataSection::tokenizer>, any(),
       "The tokenizer.json that the data was made with."},
      {"data", "val", at<&R::data, &DataSection::val>, any(),
       "Token dataset for the validation loss; empty: the held-out part of each source, where it has one."},
      {"data", "val_every", at<&R::data, &DataSection::val_every>, at_least(0),
       "Steps between two measurements; 0: around each growth and at the end only."},
      {"data", "val_tokens", at<&R::data, &DataSection::val_tokens>, between(1, kMostTokens),
       "Held-out tokens used, from the start."},
      {"data", "shuffle", at<&R::data, &DataSection::shuffle>, any(), "Takes windows in a keyed random order."},
      {"data", "document_mask", at<&R::data, &DataSection::document_mask>, any(),
       "Keeps attention inside a document (its positions need not start anew: rotary scores depend on distances)."},

      {"checkpoint", "every", at<&R::checkpoint, &CheckpointSection::every>, at_least(0),
       "Steps between checkpoints; 0: at the end only."},
      {"checkpoint", "keep", at<&R::checkpoint, &CheckpointSection::keep>, at_least(1),
       "The newest so many stay on disk."},
      {"checkpoint", "keep_growth", at<&R::checkpoint, &CheckpointSection::keep_growth>, any(),
       "Also keeps the model right before and right after each growth."},

      {"log", "every", at<&R::log, &LogSection::every>, at_least(1), "Steps between lines of metrics.jsonl."},
      {"log", "tensorboard", at<&R::log, &LogSection::tensorboard>, any(), "Writes TensorBoard events too."},

      {"dist", "shard", at<&R::dist, &DistSection::shard>, one_of({"none", "optimizer"}),
       "What the processes of a run share instead of each holding all of it: nothing, or AdamW's moments and the "
       "update."},
      {"dist", "bucket_mb", at<&R::dist, &DistSection::bucket_mb>, above(0),
       "Megabytes of gradients whose sum over the processes is begun together, while the backward pass goes on."},
      {"dist", "timeout_s", at<&R::dist, &DistSection::timeout_s>, between(1, 86400),
       "Seconds after which a process that does not come, or does not answer, ends the run on all of them."},

      {"eval", "tasks", at<&R::eval, &EvalSection::tasks>, any(),
       "Tasks or groups of tasks, comma-separated, that the model is asked during the run; empty: none."},
      {"eval", "every", at<&R::eval, &EvalSection::every>, at_least(0),
       "Steps between two evaluations; 0: around growths and at the end only."},
      {"eval", "growths", at<&R::eval, &EvalSection::growths>, any(),
       "Evaluates right before and right after each growth too."},
      {"eval", "limit", at<&R::eval, &EvalSection::limit>, at_least(1), "Items of each task, from the first."},
      {"eval", "data", at<&R::eval, &EvalSection::data>, any(), "Where the tasks' files lie."},
  };
  return keys;
}

const std::vector<Key<DataSource>>& source_keys() {
  static const std::vector<Key<DataSource>> keys = {
      {"data.source", "path", at<&DataSource::path>, any(), "A token dataset, as `cambium data prepare` writes it.",
       "required"},
      {"data.source", "weight", at<&DataSource::weight>, above(0),
       "Share of the mixture, relative to the other sources of the same step."},
      {"data.source", "from_step", at<&DataSource::from_step>, any(), "First step that draws from it."},
      {"data.source", "to_step", at<&DataSource::to_step>, any(), "First step that does not any more.",
       "the end of the run"},
  };
  return keys;
}

const std::vector<Key<growth::ExplicitGrowth>>& event_keys() {
  using E = growth::ExplicitGrowth;
  static const std::vector<Key<E>> keys = {
      {"growth.event", "step", at<&E::step>, at_least(1), "Steps taken before the growth.", "required"},
      {"growth.event", "sources", at<&E::sources>, at_least(0),
       "Layers to copy, in the order in which the copies are inserted.", "required"},
      {"growth.event", "insert_at", at<&E::insert_at>, at_least(0), "Index of the first copy in the grown model.",
       "required"},
  };
  return keys;
}

const std::vector<Key<LoopTable>>& loop_keys() {
  using L = LoopTable;
  static const std::vector<Key<L>> keys = {
      {"model.loop", "layers", at<&L::layers>, at_least(0), "The first layer of the loop and the one behind its last.",
       "required in the table"},
      {"model.loop", "times", at<&L::times>, between(1, 1024), "How often they run."},
  };
  return keys;
}

const std::vector<Key<SymmetrizePlan>>& symmetrize_keys() {
  using S = SymmetrizePlan;
  static const std::vector<Key<S>> keys = {
      {"growth.symmetrize", "at", at<&S::at>, at_least(1), "Steps taken before each, ascending.",
       "required in the table"},
      {"growth.symmetrize", "strength", at<&S::strength>, between(0, 1),
       "How far mirror-image blocks move towards their mean; 1: all the way."},
      {"growth.symmetrize", "control", at<&S::control>, one_of(growth::symmetrize_controls()),
       "none; or instead, unmatched: blocks that are no mirror images; random: as far in a drawn direction."},
  };
  return keys;
}

const std::vector<Key<model::Llama3Rope>>& rope_keys() {
  using R = model::Llama3Rope;
  static const std::vector<Key<R>> keys = {
      {"model.rope_scaling", "factor", at<&R::factor>, above(0),
       "llama3 scaling of the rotary frequencies, as transformers defines it: low frequencies are divided by it.",
       "required in the table"},
      {"model.rope_scaling", "low_freq_factor", at<&R::low_freq_factor>, above(0),
       "Wavelengths above original_max_position_embeddings over it are scaled in full.", "required in the table"},
      {"model.rope_scaling", "high_freq_factor", at<&R::high_freq_factor>, above(0),
       "Wavelengths below original_max_position_embeddings over it are left alone.", "required in the table"},
      {"model.rope_scaling", "original_max_position_embeddings", at<&R::original_max_position_embeddings>,
       between(1, kMostSize), "The context that the model was trained with before.", "required in the table"},
  };
  return keys;
}

}  // namespace cambium::config
