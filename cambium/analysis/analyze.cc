#include "cambium/analysis/analyze.h"

#include <algorithm>
#include <map>
#include <memory>

#include "cambium/analysis/results.h"
#include "cambium/analysis/tasks.h"
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
             const std::function<void(const Analysis&, const Values&, bool were_there)>& shown) {
  const StopRequest stop_request;
  const std::string base = key_of(model, weights_hash, prompts, settings);
  const std::string with_tasks = settings.tasks == nullptr ? base : hash_hex(base + settings.tasks->hash());
  const fs::path folder = out.empty() ? fs::path() : out / ".partial";
  if (!out.empty()) {
    make_directories(folder);
  }
  Engine engine(model);
  std::map<std::string, std::unique_ptr<Partial>> partials;  // shared by analyses of the same units
  for (const Analysis* analysis : wanted) {
    const std::string& key = analysis->on_tasks ? with_tasks : base;
    if (!out.empty()) {
      if (const std::optional<Values> values = finished_values(out, *analysis, key)) {
        shown(*analysis, *values, true);
        continue;
      }
    }
    const std::string units(analysis->units.empty() ? analysis->name : analysis->units);
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
    shown(*analysis, values, false);
  }
  partials.clear();
  if (!out.empty()) {
    fs::remove_all(folder);
  }
}

}  // namespace cambium::analysis
