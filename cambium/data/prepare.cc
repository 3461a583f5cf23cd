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
#include "cambium/data/batch_encoder.h"
#include "cambium/data/batch_queue.h"
#include "cambium/data/document_reader.h"
#include "cambium/data/help_prepare.h"
#include "cambium/data/prepare_journal.h"
#include "cambium/data/seen_documents.h"

namespace cambium::data {
namespace {

formats::Json settings_of(const PrepareOptions& options, const std::vector<InputFile>& files) {
  return {{"made_by", "cambium data prepare"},
          {options.text.fields().size() > 1 ? "text_template" : "text_key", options.text.source()},
          {"val_fraction", val_fraction(options, files)},
          {"seed", options.seed},
          {"skip_bad_lines", options.skip_bad_lines},
          {"dedup", options.dedup}};
}

/// Everything that the result depends on but the inputs.
std::string settings_line(const text::Tokenizer& tokenizer, int32_t end_of_text, const PrepareOptions& options,
                          const std::vector<InputFile>& files) {
  return format("{} {} {} {}", tokenizer.hash(), end_of_text, settings_of(options, files).dump(), options.shard_tokens);
}

/// A file counts as the same while its size and time of change are.
std::string input_lines(const std::vector<InputFile>& files) {
  std::string all;
  for (const InputFile& file : files) {
    std::error_code none;  // standard input has no such time
    const auto changed = std::filesystem::last_write_time(file.path, none).time_since_epoch().count();
    all += format("{} {} {} {}\n", file.path.string(), file.bytes, none ? 0 : changed, static_cast<int>(file.kind));
  }
  return all;
}

class Preparation {
 public:
  using Entry = PrepareJournal::Entry;

  Preparation(const text::Tokenizer& tokenizer, const PrepareOptions& options, const std::vector<InputFile>& files,
              int32_t end_of_text, const PrepareJournal& journal, const std::optional<Entry>& earlier,
              PrepareTeam& team)
      : options_(options),
        files_(files),
        journal_(journal),
        writer_(options.out, tokenizer, end_of_text, options.replace, options.shard_tokens,
                earlier ? std::optional(earlier->writer) : std::nullopt),
        position_(earlier ? earlier->position : InputPosition{}),
        reader_(files, options.text, position_),
        progress_("prepare", total_bytes(files), "bytes"),
        encoder_(tokenizer, options, files),
        queue_(encoder_, thread_count(options.workers), team) {
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

  /// Where it begins or goes on.
  const InputPosition& position() const { return position_; }

  Manifest run() {
    try {
      DocumentBatch batch;
      while (reader_.next(batch)) {
        submit(std::move(batch));
        progress_.update(reader_.consumed());
      }
      while (!queue_.empty()) write_next();
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
    while (!queue_.has_room(batch.bytes)) write_next();
    queue_.submit(std::move(batch));
    while (queue_.next_is_ready()) write_next();
  }

  void write_next() {
    const EncodedBatch batch = queue_.next();
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

  void report_bad_lines() const {
    int64_t bad = 0;
    for (const InputInfo& input : inputs_) bad += input.bad_lines;
    if (bad > 0) log_warning(format("skipped {} bad lines; the first: {}", bad, first_fault_));
  }

  const PrepareOptions& options_;
  const std::vector<InputFile>& files_;
  const PrepareJournal& journal_;
  DatasetWriter writer_;
  InputPosition position_;  ///< behind what is written
  DocumentReader reader_;
  Progress progress_;
  std::vector<InputInfo> inputs_;
  std::optional<SeenDocuments> seen_;
  std::string first_fault_;
  int64_t saved_shards_ = 0, saved_tokens_ = 0;
  BatchEncoder encoder_;
  BatchQueue queue_;  // last: its threads end before what they read
};

void report_skipped_files(const FoundInputs& found) {
  if (found.skipped.empty()) return;
  log_info(format("skipped {} files of other kinds ({}{})", found.skipped.size(), found.skipped.front(),
                  found.skipped.size() > 1 ? ", ..." : ""));
}

/// Tells the others where to begin; gives what rank 0 says.
InputPosition begin_at(const InputPosition& position, PrepareTeam& team) {
  const formats::Json json = formats::parse_json(team.from_first(position.to_json().dump()), "rank 0");
  return InputPosition::from_json(formats::JsonView(json, "rank 0"));
}

/// Rank 0's part. `made_from`: all that the result depends on.
Manifest write_dataset(const text::Tokenizer& tokenizer, const PrepareOptions& options,
                       const std::vector<InputFile>& files, int32_t end_of_text, const std::string& made_from,
                       PrepareTeam& team) {
  const std::filesystem::path staging = StagedDirectory::staging_of(options.out);
  make_directories(staging.parent_path());
  const FileLock lock(staging.string() + ".lock", "preparation", options.out);
  const PrepareJournal journal(options.out, hash_hex(made_from));
  std::optional<Preparation> preparation;
  if (const std::optional<PrepareJournal::Entry> earlier = journal.read()) {
    try {
      preparation.emplace(tokenizer, options, files, end_of_text, journal, earlier, team);
    } catch (const InvalidInput& error) {
      log_warning(format("{}; starting anew", error.what()));
    }
  }
  try {
    if (!preparation) preparation.emplace(tokenizer, options, files, end_of_text, journal, std::nullopt, team);
    begin_at(preparation->position(), team);
    return preparation->run();
  } catch (const OtherInput&) {
    throw;  // with the right input the next call goes on
  } catch (const InvalidInput&) {
    preparation.reset();
    journal.remove();
    std::error_code ignored;
    std::filesystem::remove_all(staging, ignored);
    throw;
  }
}

}  // namespace

std::optional<Manifest> prepare(const text::Tokenizer& tokenizer, const PrepareOptions& options, PrepareTeam& team) {
  if (options.val_fraction && !(*options.val_fraction >= 0 && *options.val_fraction < 1)) {
    bad_input("--val-fraction {}: expected a number from 0 to less than 1", *options.val_fraction);
  }
  const FoundInputs found = find_inputs(options.inputs, options.input_kind);
  const std::vector<InputFile>& files = found.files;
  report_skipped_files(found);
  if (team.size() > 1 &&
      std::any_of(files.begin(), files.end(), [](const InputFile& file) { return file.is_standard_input(); })) {
    bad_input("standard input cannot be shared by {} ranks: expected files that all of them read", team.size());
  }
  const int32_t end_of_text = end_of_text_id(tokenizer, options.end_of_text);
  const std::string settings = settings_line(tokenizer, end_of_text, options, files);
  const std::string inputs = input_lines(files);
  team.agree("tokenizer or setting", settings);
  // Not line by line: a list may be long.
  team.agree("list of inputs", format("{} files of {} bytes, {}", files.size(), total_bytes(files), hash_hex(inputs)));
  if (team.rank() == 0) return write_dataset(tokenizer, options, files, end_of_text, settings + "\n" + inputs, team);
  const BatchEncoder encoder(tokenizer, options, files);
  help_prepare(encoder, files, options.text, begin_at({}, team), thread_count(options.workers), team);
  return std::nullopt;
}

Manifest prepare(const text::Tokenizer& tokenizer, const PrepareOptions& options) {
  PrepareTeam alone;
  return *prepare(tokenizer, options, alone);
}

}  // namespace cambium::data
