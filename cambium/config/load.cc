#include <algorithm>
#include <array>

#include "cambium/base/files.h"
#include "cambium/config/assign.h"
#include "cambium/config/check.h"
#include "cambium/config/keys.h"
#include "cambium/config/layers.h"
#include "cambium/config/names.h"

namespace cambium::config {
namespace {

/// Without a preset or a model to start from: where a configuration gives one of the first three, it gives all four;
/// else it changes the preset "tiny".
constexpr std::array kShape{"model.hidden_size", "model.intermediate_size", "model.num_attention_heads"};
constexpr std::array kSizes{"model.hidden_size", "model.intermediate_size", "model.num_attention_heads",
                            "model.num_hidden_layers"};

constexpr int64_t kMostBytes = 1 << 20;

class Loader {
 public:
  Loader(const Layers& layers, std::string_view what, const BegunWith& begun_with)
      : layers_(layers), origins_(std::string(what)), begun_with_(begun_with) {}

  RunConfig run() {
    check_names(layers_);
    read_base();
    for (const auto& [name, assignment] : layers_.values()) {
      origins_.add(name, assignment.place);
      read(name, assignment);
    }
    fill_architecture();
    fill_warmup();
    fill_schedule();
    check_sources();
    check(config_, origins_);
    if (initial_) {
      check_start(*initial_);
    }
    return std::move(config_);
  }

 private:
  model::ModelConfig& architecture() { return config_.model.architecture; }
  bool given(std::string_view key) const { return layers_.values().contains(std::string(key)); }

  /// The architecture that single keys change: the preset's or that of `init_from`.
  void read_base() {
    for (const std::string key : {"run.dir", "model.preset", "model.init_from"}) {
      if (const auto found = layers_.values().find(key); found != layers_.values().end()) {
        read(key, found->second);
      }
    }
    ModelSection& section = config_.model;
    if (!section.init_from.empty()) {
      const std::filesystem::path file = std::filesystem::path(section.init_from) / "config.json";
      if (begun_with_ && !std::filesystem::exists(file)) {
        initial_ = begun_with_(config_.run.dir);
      }
      if (!initial_) {
        initial_ = model::model_config_from_json(formats::read_json(file), file.string());
      }
      section.architecture = *initial_;
    } else if (section.preset.empty()) {
      if (std::none_of(kShape.begin(), kShape.end(), [&](const char* key) { return given(key); })) {
        section.preset = "tiny";
      }
      for (const char* key : kSizes) {
        if (section.preset.empty() && !given(key)) {
          origins_.fail("`{}` is missing: give all sizes of the model, `model.preset` or `model.init_from`", key);
        }
      }
    }
    if (!section.preset.empty()) {
      section.architecture = model::preset(section.preset);
    }
    base_ = architecture();
  }

  void read(const std::string& name, const Assignment& assignment) {
    if (const auto entry = list_key(name)) {
      read_entry(source_keys(), config_.data.source, *entry, name, assignment);
      read_entry(event_keys(), config_.growth.event, *entry, name, assignment);
    } else if (const auto* key = find_key(run_keys(), name)) {
      assign(key->field(config_), key->rule, name, assignment);
    } else if (is_one_of(kTables, name)) {
      remove_table(name, assignment);
    } else if (!read_in_table(rope_keys(), architecture().rope_scaling, name, assignment) &&
               !read_in_table(loop_keys(), loop_, name, assignment) &&
               !read_in_table(symmetrize_keys(), config_.growth.symmetrize, name, assignment)) {
      fail_value(name, assignment, is_one_of(kLists, name) ? format("[[{}]] tables", name) : "a table");
    }
  }

  template <typename Owner>
  static void read_entry(const std::vector<Key<Owner>>& keys, std::vector<Owner>& entries, const ListKey& entry,
                         const std::string& name, const Assignment& assignment) {
    if (const auto* key = find_key(keys, entry.name)) {
      entries.resize(std::max(entries.size(), entry.index + 1));
      assign(key->field(entries[entry.index]), key->rule, name, assignment);
    }
  }

  template <typename Owner>
  static bool read_in_table(const std::vector<Key<Owner>>& keys, std::optional<Owner>& table, const std::string& name,
                            const Assignment& assignment) {
    const auto* key = find_key(keys, name);
    if (key == nullptr) {
      return false;
    }
    table = table.value_or(Owner{});
    assign(key->field(*table), key->rule, name, assignment);
    return true;
  }

  /// `model.loop = "none"`.
  void remove_table(const std::string& name, const Assignment& assignment) {
    if (assignment.value->value<std::string>() != "none") {
      fail_value(name, assignment, "a table or \"none\"");
    }
    if (name == kRopeScaling) {
      architecture().rope_scaling.reset();
    } else if (name == kLoop) {
      architecture().loop.reset();
    } else {
      config_.growth.symmetrize.reset();
    }
  }

  void fill_architecture() {
    const bool base_shares_heads = base_.num_key_value_heads != base_.num_attention_heads;
    if (!given("model.num_key_value_heads") && !base_shares_heads) {
      architecture().num_key_value_heads = architecture().num_attention_heads;
    }
    if (loop_) {
      if (loop_->layers.size() != 2) {
        origins_.fail("{}: expected two layers, the first of the loop and the one behind its last, found {}",
                      origins_.name("model.loop.layers"), loop_->layers.size());
      }
      architecture().loop = model::Loop{loop_->layers[0], loop_->layers[1], loop_->times};
    }
    if (architecture().rope_scaling && !base_.rope_scaling) {
      for (const auto& key : rope_keys()) {
        if (!given(key.full_name())) {
          origins_.fail("`{}` is missing: llama3 scaling takes four numbers", key.full_name());
        }
      }
    }
  }

  /// The default, where the length of the run is known already.
  void fill_warmup() {
    TrainSection& train = config_.train;
    if (!train.warmup_steps && train.steps.unit != StepCount::Unit::kEpochs) {
      const int64_t steps = default_warmup(train.steps.steps(train.batch_tokens, 0));
      train.warmup_steps = StepCount{static_cast<double>(steps)};
    }
  }

  /// Steps in `growth.at` ask for schedule = "at"; of two keys that disagree a `--set` wins over the file.
  void fill_schedule() {
    GrowthSection& growth = config_.growth;
    if (growth.at.empty() || growth.schedule == "at") {
      return;
    }
    const Place* schedule = origins_.find("growth.schedule");
    if (schedule != nullptr && schedule->overridden() == origins_.find("growth.at")->overridden()) {
      origins_.fail("{} is \"{}\", but {} lists steps; give one of them", origins_.name("growth.schedule"),
                    growth.schedule, origins_.name("growth.at"));
    }
    if (schedule != nullptr && schedule->overridden()) {
      growth.at.clear();
    } else {
      growth.schedule = "at";
    }
  }

  void check_sources() const {
    for (size_t i = 0; i < config_.data.source.size(); ++i) {
      if (config_.data.source[i].path.empty()) {
        origins_.fail("`data.source.{}.path` is missing or empty", i);
      }
    }
  }

  /// The weights of `init_from` must fit the model that training starts with.
  void check_start(const model::ModelConfig& initial) const {
    const model::ModelConfig& wanted = config_.model.architecture;
    const auto same = [&](std::string_view field, int64_t have, int64_t want) {
      if (have != want) {
        origins_.fail("{} = {}, but the model of {} has {}", origins_.name(format("model.{}", field)), want,
                      origins_.name("model.init_from"), have);
      }
    };
    same("vocab_size", initial.vocab_size, wanted.vocab_size);
    same("hidden_size", initial.hidden_size, wanted.hidden_size);
    same("intermediate_size", initial.intermediate_size, wanted.intermediate_size);
    same("num_attention_heads", initial.num_attention_heads, wanted.num_attention_heads);
    same("num_key_value_heads", initial.num_key_value_heads, wanted.num_key_value_heads);
    const int start = start_layers(config_);
    if (start != initial.num_hidden_layers) {
      origins_.fail(
          "the run starts with {} layers ({} = {}, growing with {}), but the model of {} has {}\n"
          "  HINT: growth.start_layers or growth.at decide where a run starts",
          start, origins_.name("model.num_hidden_layers"), wanted.num_hidden_layers, origins_.name("growth.operator"),
          origins_.name("model.init_from"), initial.num_hidden_layers);
    }
  }

  const Layers& layers_;
  Origins origins_;
  const BegunWith& begun_with_;
  RunConfig config_;
  model::ModelConfig base_;
  std::optional<LoopTable> loop_;
  std::optional<model::ModelConfig> initial_;  ///< of the model in `init_from`, or of the run's start
};

/// A file's text over those of the files that it extends.
void add_with_bases(Layers& layers, std::string_view toml, const std::filesystem::path& what, int depth) {
  constexpr int kDeepest = 16;
  for (const std::string& base : extended_files(toml, what.string())) {
    if (depth == kDeepest) {
      bad_input("{}: `{}`: more than {} configurations in a row", what.string(), kExtends, kDeepest);
    }
    const std::filesystem::path file = (what.parent_path() / base).lexically_normal();
    add_with_bases(layers, read_file(file, kMostBytes), file, depth + 1);
  }
  layers.add_file(toml, what.string());
}

}  // namespace

RunConfig parse_run_config(std::string_view toml, std::string_view what, const std::vector<std::string>& overrides,
                           const BegunWith& begun_with) {
  Layers layers;
  add_with_bases(layers, toml, std::filesystem::path(what), 0);
  for (const std::string& assignment : overrides) {
    layers.override_with(assignment);
  }
  return Loader(layers, what, begun_with).run();
}

RunConfig load_run_config(const std::filesystem::path& path, const std::vector<std::string>& overrides,
                          const BegunWith& begun_with) {
  return parse_run_config(read_file(path, kMostBytes), path.string(), overrides, begun_with);
}

}  // namespace cambium::config
