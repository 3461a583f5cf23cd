#include "cambium/data/prepare.h"

#include <algorithm>

#include "cambium/base/cpu.h"
#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/hash.h"
#include "cambium/base/lock.h"
#include "cambium/base/log.h"
#include "cambium/base/progress.h"
#include "cambium/base/signals.h"
#include "cambium/data/batch_documents.h"
#include "cambium/data/document_reader.h"
#include "cambium/data/ordered_workers.h"
#include "cambium/data/prepare_journal.h"
#include "cambium/data/seen_documents.h"

namespace cambium::data {
namespace {

/// Of input, for each worker: enough that none waits while one document is long.
constexpr int64_t kBytesUnderWay = int64_t{4} << 20;

struct EncodedDocument {
  std::vector<int32_t> ids;
  int64_t text_bytes;
  bool held_out;
  DocumentKey key;
};

struct EncodedBatch {
  size_t file;
  int64_t bytes;
  InputPosition behind;
  std::vector<EncodedDocument> documents = {};
  int64_t empty = 0, bad = 0;
  std::string first_fault = {};
};

double val_fraction(const PrepareOptions& options, const std::vector<InputFile>& files) {
  return options.val_fraction.value_or(total_bytes(files) >= kAutoHoldoutBytes ? kAutoHoldout : 0);
}

formats::Json settings_of(const PrepareOptions& options, const std::vector<InputFile>& files) {
  return {{"made_by", "cambium data prepare"},
          {options.text.fields().size() > 1 ? "text_template" : "text_key", options.text.source()},
          {"val_fraction", val_fraction(options, files)},
          {"seed", options.seed},
          {"skip_bad_lines", options.skip_bad_lines},
          {"dedup", options.dedup}};
}

/// Everything that the result depends on. A file counts as the same while its size and time of change are.
std::string fingerprint(const text::Tokenizer& tokenizer, int32_t end_of_text, const PrepareOptions& options,
                        const std::vector<InputFile>& files) {
  std::string all =
      format("{} {} {} {}\n", tokenizer.hash(), end_of_text, settings_of(options, files).dump(), options.shard_tokens);
  for (const InputFile& file : files) {
    std::error_code none;  // standard input has no such time
    const auto changed = std::filesystem::last_write_time(file.path, none).time_since_epoch().count();
    all += format("{} {} {} {}\n", file.path.string(), file.bytes, none ? 0 : changed, static_cast<int>(file.kind));
  }
  return hash_hex(all);
}

class Preparation {
 public:
  using Entry = PrepareJournal::Entry;

  Preparation(const text::Tokenizer& tokenizer, const PrepareOptions& options, const std::vector<InputFile>& files,
              int32_t end_of_text, const PrepareJournal& journal, const std::optional<Entry>& earlier)
      : tokenizer_(tokenizer),
        options_(options),
        files_(files),
        val_fraction_(val_fraction(options, files)),
        journal_(journal),
        writer_(options.out, tokenizer, end_of_text, options.replace, options.shard_tokens,
                earlier ? std::optional(earlier->writer) : std::nullopt),
        position_(earlier ? earlier->position : InputPosition{}),
        reader_(files, options.text, position_),
        progress_("prepare", total_bytes(files), "bytes"),
        bytes_at_once_(kBytesUnderWay * thread_count(options.workers)),
        workers_(thread_count(options.workers)) {
    for (const InputFile& file : files) inputs_.push_back({.path = file.path.string(), .bytes = file.bytes});
    if (options.dedup) seen_.emplace(journal.seen_path(), earlier ? earlier->seen_documents : 0);
    if (!earlier) return;
    if (earlier->inputs.size() != files.size()) bad_input("the journal is of other inputs");
    inputs_ = earlier->inputs;
    first_fault_ = earlier->first_fault;
    writer_.keep();
    note_saved();
    log_info(format("going on behind {} tokens that an earlier process wrote", format_count(writer_.num_tokens())));
  }

  Manifest run() {
    try {
      DocumentBatch batch;
      while (reader_.next(batch)) {
        submit(std::move(batch));
        progress_.update(reader_.consumed());
      }
      while (workers_.under_way() > 0) write_next();
    } catch (const Stopped&) {
      if (writer_.num_tokens() == 0) throw Stopped("stopped by a signal; nothing was written");
      save();
      throw Stopped("stopped by a signal; the same command goes on from here");
    }
    progress_.finish();
    report_bad_lines();
    const Manifest manifest = writer_.commit(inputs_, settings_of(options_, files_));
    journal_.remove();
    return manifest;
  }

 private:
  void submit(DocumentBatch batch) {
    StopRequest::throw_if_asked();
    while (workers_.under_way() > 0 && bytes_under_way_ + batch.bytes > bytes_at_once_) write_next();
    bytes_under_way_ += batch.bytes;
    auto shared = std::make_shared<DocumentBatch>(std::move(batch));  // std::function wants to be copied
    workers_.submit([this, shared] { return encode(*shared); });
    while (workers_.next_is_ready()) write_next();
  }

  void write_next() {
    StopRequest::throw_if_asked();
    const EncodedBatch batch = workers_.next();
    bytes_under_way_ -= batch.bytes;
    InputInfo& input = inputs_[batch.file];
    for (const EncodedDocument& document : batch.documents) {
      if (seen_ && !seen_->insert(document.key)) {
        ++input.duplicate_documents;
        continue;
      }
      writer_.add(document.held_out ? "val" : "train", document.ids, document.text_bytes);
      ++input.documents;
    }
    input.empty_documents += batch.empty;
    input.bad_lines += batch.bad;
    if (first_fault_.empty()) first_fault_ = batch.first_fault;
    position_ = batch.behind;
    if (writer_.num_finished_shards() > saved_shards_ || writer_.num_tokens() - saved_tokens_ >= options_.save_tokens)
      save();
  }

  /// Only between batches: everything here then speaks of the same place.
  void save() {
    const formats::Json writer = writer_.save();
    writer_.keep();
    journal_.write({position_, writer, inputs_, seen_ ? seen_->save() : 0, first_fault_});
    note_saved();
  }

  void note_saved() {
    saved_shards_ = writer_.num_finished_shards();
    saved_tokens_ = writer_.num_tokens();
  }

  /// Runs in a worker; touches nothing that changes.
  EncodedBatch encode(const DocumentBatch& batch) const {
    EncodedBatch result{.file = batch.file, .bytes = batch.bytes, .behind = batch.behind};
    const BadEntries bad = for_each_document(batch, files_[batch.file], options_.text, options_.skip_bad_lines,
                                             [&](std::string text) { encode_document(std::move(text), result); });
    result.bad = bad.count;
    result.first_fault = bad.first;
    return result;
  }

  void encode_document(std::string text, EncodedBatch& result) const {
    if (text.empty()) {
      ++result.empty;
      return;
    }
    EncodedDocument document{.ids = {}, .text_bytes = std::ssize(text), .held_out = false, .key = {}};
    document.held_out = static_cast<double>(hash64(text, options_.seed) >> 11) * 0x1p-53 < val_fraction_;
    if (seen_) document.key = document_key(text);
    tokenizer_.encode(text, document.ids);
    result.documents.push_back(std::move(document));
  }

  void report_bad_lines() const {
    int64_t bad = 0;
    for (const InputInfo& input : inputs_) bad += input.bad_lines;
    if (bad > 0) log_warning(format("skipped {} bad lines; the first: {}", bad, first_fault_));
  }

  const text::Tokenizer& tokenizer_;
  const PrepareOptions& options_;
  const std::vector<InputFile>& files_;
  double val_fraction_;
  const PrepareJournal& journal_;
  DatasetWriter writer_;
  InputPosition position_;  ///< behind what is written
  DocumentReader reader_;
  Progress progress_;
  std::vector<InputInfo> inputs_;
  std::optional<SeenDocuments> seen_;
  std::string first_fault_;
  int64_t bytes_at_once_;
  int64_t bytes_under_way_ = 0, saved_shards_ = 0, saved_tokens_ = 0;
  OrderedWorkers<EncodedBatch> workers_;  // last: its threads end before what they read
};

void report_skipped_files(const FoundInputs& found) {
  if (found.skipped.empty()) return;
  log_info(format("skipped {} files of other kinds ({}{})", found.skipped.size(), found.skipped.front(),
                  found.skipped.size() > 1 ? ", ..." : ""));
}

}  // namespace

Manifest prepare(const text::Tokenizer& tokenizer, const PrepareOptions& options) {
  if (options.val_fraction && !(*options.val_fraction >= 0 && *options.val_fraction < 1)) {
    bad_input("--val-fraction {}: expected a number from 0 to less than 1", *options.val_fraction);
  }
  const FoundInputs found = find_inputs(options.inputs, options.input_kind);
  report_skipped_files(found);
  const int32_t end_of_text = end_of_text_id(tokenizer, options.end_of_text);
  const std::filesystem::path staging = StagedDirectory::staging_of(options.out);
  make_directories(staging.parent_path());
  const FileLock lock(staging.string() + ".lock", "preparation", options.out);
  const PrepareJournal journal(options.out, fingerprint(tokenizer, end_of_text, options, found.files));
  std::optional<Preparation> preparation;
  if (const std::optional<PrepareJournal::Entry> earlier = journal.read()) {
    try {
      preparation.emplace(tokenizer, options, found.files, end_of_text, journal, earlier);
    } catch (const InvalidInput& error) {
      log_warning(format("{}; starting anew", error.what()));
    }
  }
  try {
    if (!preparation) preparation.emplace(tokenizer, options, found.files, end_of_text, journal, std::nullopt);
    return preparation->run();
  } catch (const OtherInput&) {
    throw;  // with the right input the next call goes on
  } catch (const InvalidInput&) {
    preparation.reset();
    journal.remove();
    std::error_code ignored;
    std::filesystem::remove_all(StagedDirectory::staging_of(options.out), ignored);
    throw;
  }
}

}  // namespace cambium::data
