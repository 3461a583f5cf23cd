#include "cambium/data/count_words.h"

#include <memory>

#include "cambium/base/cpu.h"
#include "cambium/base/error.h"
#include "cambium/base/progress.h"
#include "cambium/base/signals.h"
#include "cambium/data/ordered_workers.h"
#include "cambium/formats/streams.h"
#include "cambium/text/scratch_pool.h"
#include "cambium/text/utf8.h"

namespace cambium::data {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;
constexpr size_t kPiecesUnderWay = 4;  ///< for each worker

class Counting {
 public:
  Counting(const std::vector<InputFile>& files, const CountOptions& options)
      : files_(files),
        options_(options),
        pieces_under_way_(kPiecesUnderWay * static_cast<size_t>(thread_count(options.workers))),
        progress_("counting words", total_bytes(files), "bytes"),
        workers_(thread_count(options.workers)) {}

  CountedWords run() {
    for (const InputFile& file : files_) {
      if (file.kind == InputFile::Kind::kText) {
        read_text(file);
      } else {
        read_entries(file);
      }
      bytes_before_ += file.bytes;
    }
    while (workers_.under_way() > 0) collect();
    progress_.finish();
    CountedWords all{.counts = {}, .text_bytes = 0, .bad = bad_};
    counters_.for_each([&](const text::WordCounter& counter) {
      for (const auto& [word, count] : counter.counts()) all.counts[word] += count;
      all.text_bytes += counter.text_bytes();
    });
    return all;
  }

 private:
  void read_text(const InputFile& file) {
    const auto stream = formats::open_input(file.path);
    std::string held, block(kPieceBytes, '\0');
    int64_t offset = 0;
    const auto give = [&](size_t size) {
      submit([this, piece = held.substr(0, size), offset, name = file.shown()] {
        try {
          counters_.take()->add(piece);
        } catch (const text::InvalidUtf8& error) {
          bad_input("{}: byte {}: invalid UTF-8", name, offset + static_cast<int64_t>(error.offset()));
        }
        return BadEntries{};
      });
      held.erase(0, size);
      offset += static_cast<int64_t>(size);
    };
    while (const size_t size = stream->read(block.data(), block.size())) {
      held.append(block, 0, size);
      if (const size_t cut = held.size() < kPieceBytes ? 0 : text::last_safe_cut(held); cut > 0) give(cut);
      progress_.update(bytes_before_ + stream->consumed());
    }
    give(held.size());
  }

  void read_entries(const InputFile& file) {
    const std::vector<InputFile> one{file};
    DocumentReader reader(one, options_.text);
    for (DocumentBatch batch; reader.next(batch);) {
      submit([this, shared = std::make_shared<DocumentBatch>(std::move(batch)), file] {
        const auto counter = counters_.take();
        return for_each_document(*shared, file, options_.text, options_.skip_bad_lines,
                                 [&](const std::string& document) { counter->add(document); });
      });
      progress_.update(bytes_before_ + reader.consumed());
    }
  }

  void submit(std::function<BadEntries()> piece) {
    StopRequest::throw_if_asked();
    while (workers_.under_way() >= pieces_under_way_) collect();
    workers_.submit(std::move(piece));
  }

  void collect() {
    const BadEntries bad = workers_.next();
    if (bad_.count == 0) bad_.first = bad.first;
    bad_.count += bad.count;
  }

  const std::vector<InputFile>& files_;
  const CountOptions& options_;
  text::ScratchPool<text::WordCounter> counters_;
  const size_t pieces_under_way_;
  Progress progress_;
  int64_t bytes_before_ = 0;
  BadEntries bad_;
  OrderedWorkers<BadEntries> workers_;  // last: its threads end before what they use
};

}  // namespace

CountedWords count_words(const std::vector<InputFile>& files, const CountOptions& options) {
  return Counting(files, options).run();
}

}  // namespace cambium::data
