#include "cambium/analysis/analyze.h"

#include <algorithm>
#include <map>
#include <memory>

#include "cambium/analysis/results.h"
#include "cambium/analysis/tasks.h"
#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/format.h"
#include "cambium/base/hash.h"
#include "cambium/base/signals.h"

namespace cambium::analysis {
namespace {

namespace fs = std::filesystem;

/// What results of all analyses depend on.
std::string key_of(const model::Llama& model, const std::string& weights_hash, const PromptSet& prompts,
                   const Settings& settings) {
  const auto files_of = [](const fs::path& path) { return path.empty() ? std::string() : hash_weights(path); };
  return hash_hex(format("{} {} {} {} {} {} {} {} {} {}", weights_hash, prompts.hash, settings.seed,
                         settings.batch_tokens, settings.block_size, static_cast<int>(settings.part), settings.plain,
                         static_cast<int>(model.precision), files_of(settings.lens), files_of(settings.before)));
}

std::string_view units_of(const Analysis& analysis) { return analysis.units.empty() ? analysis.name : analysis.units; }

/// What a rank does: in turn, all analyses of the same units.
std::vector<const Analysis*> own_share(std::span<const Analysis* const> wanted, const dist::Partition& place) {
  std::map<std::string_view, int64_t> turns;
  std::vector<const Analysis*> own;
  for (const Analysis* analysis : wanted) {
    const int64_t turn = turns.emplace(units_of(*analysis), static_cast<int64_t>(turns.size())).first->second;
    if (turn % place.size == place.rank) {
      own.push_back(analysis);
    }
  }
  return own;
}

}  // namespace

std::string hash_weights(const fs::path& model) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(model)) {
    const std::string extension = entry.path().extension();
    if (extension == ".safetensors" && entry.path().filename() != "optimizer.safetensors") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  Hasher all;
  if (fs::exists(model / "config.json")) {
    all.update(hash_file(model / "config.json"));
  }
  for (const fs::path& file : files) {
    all.update(hash_file(file));
  }
  return all.hex();
}

void analyze(model::Llama& model, const std::string& weights_hash, const PromptSet& prompts, const Settings& settings,
             std::span<const Analysis* const> wanted, const fs::path& out,
             const std::function<void(const Analysis&, const Values&, bool were_there)>& shown, dist::Group& group) {
  const StopRequest stop_request;
  if (group.size() > 1 && out.empty()) {
    bad_input("several processes share analyses by their results: expected --out");
  }
  const std::string base = key_of(model, weights_hash, prompts, settings);
  const std::string with_tasks = settings.tasks == nullptr ? base : hash_hex(base + settings.tasks->hash());
  const fs::path folder = out.empty() ? fs::path() : out / ".partial";
  if (!out.empty()) {
    make_directories(folder);
  }
  const auto tell = [&](const Analysis& analysis, const Values& values, bool were_there) {
    if (group.size() == 1) {
      shown(analysis, values, were_there);
    }
  };
  Engine engine(model);
  std::map<std::string, std::unique_ptr<Partial>> partials;  // shared by analyses of the same units
  const std::vector<const Analysis*> own = own_share(wanted, group.place());
  for (const Analysis* analysis : own) {
    const std::string& key = analysis->on_tasks ? with_tasks : base;
    if (!out.empty()) {
      if (const std::optional<Values> values = finished_values(out, *analysis, key)) {
        tell(*analysis, *values, true);
        continue;
      }
    }
    const std::string units(units_of(*analysis));
    std::unique_ptr<Partial>& partial = partials[units];
    if (partial == nullptr) {
      partial = std::make_unique<Partial>(out.empty() ? fs::path() : folder / (units + ".jsonl"), key);
    }
    Context context{.engine = engine, .prompts = prompts, .settings = settings, .partial = *partial};
    partial->begin(std::string(analysis->name));
    const Values values = analysis->run(context);
    partial->end();
    if (!out.empty()) {
      write_results(out, {.analysis = *analysis,
                          .model = settings.model.string(),
                          .prompts = prompts,
                          .seed = settings.seed,
                          .key = key,
                          .values = values});
    }
    tell(*analysis, values, false);
  }
  partials.clear();
  group.meet();
  if (!out.empty() && group.leads()) {
    fs::remove_all(folder);
  }
  for (const Analysis* analysis : group.size() > 1 && group.leads() ? wanted : std::span<const Analysis* const>()) {
    shown(*analysis, finished_values(out, *analysis, analysis->on_tasks ? with_tasks : base).value(), false);
  }
}

}  // namespace cambium::analysis
