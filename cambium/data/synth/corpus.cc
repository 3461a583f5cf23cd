#include "cambium/data/synth/corpus.h"

#include "cambium/base/files.h"
#include "cambium/base/progress.h"
#include "cambium/base/rename.h"
#include "cambium/base/signals.h"
#include "cambium/data/synth/curriculum.h"
#include "cambium/formats/json.h"

namespace cambium::data {
namespace {

/// Bytes that become a file only as a whole, however many they are.
class StagedFile {
 public:
  explicit StagedFile(const std::filesystem::path& path) : path_(path), writer_(partial()) {}
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;
  ~StagedFile() {
    std::error_code ignored;
    std::filesystem::remove(partial(), ignored);
  }
  void write(std::string_view bytes) { writer_.write(bytes); }
  void commit() {
    writer_.close(/*sync=*/true);
    rename_path(partial(), path_);
  }

 private:
  std::filesystem::path partial() const { return path_.string() + ".partial"; }
  std::filesystem::path path_;
  FileWriter writer_;
};

}  // namespace

void write_synth_jsonl(const std::filesystem::path& path, const std::vector<const SynthTask*>& tasks, int64_t count,
                       uint64_t seed, SynthSplit split) {
  StagedFile file(path);
  Progress progress("synth", count, "items");
  const std::string stream = split == SynthSplit::kTrain ? "synth.train." : "synth.heldout.";
  std::vector<CounterRandom> randoms;
  for (const SynthTask* task : tasks) randoms.emplace_back(seed, stream + task->name);
  for (int64_t i = 0; i < count; ++i) {
    StopRequest::throw_if_asked();
    const size_t turn = static_cast<size_t>(i) % tasks.size();
    const double course = static_cast<double>(i) / static_cast<double>(count);
    const SynthItem item = make_item(*tasks[turn], randoms[turn], split, course);
    formats::Json line{{"text", item.text}, {"task", item.task}};
    if (!item.answer.empty()) {
      line["prompt"] = item.prompt;
      line["answer"] = item.answer;
    }
    file.write(line.dump() + "\n");
    progress.update(i + 1);
  }
  file.commit();
  progress.finish();
}

std::string builtin_corpus_sample(int64_t bytes, uint64_t seed) {
  const SynthTask& curriculum = *select_synth_tasks("curriculum").front();
  CounterRandom random(seed, "corpus.sample");
  std::string text;
  while (std::ssize(text) < bytes) {
    text += make_item(curriculum, random, SynthSplit::kTrain, random.uniform()).text + "\n";
  }
  return text;
}

}  // namespace cambium::data
