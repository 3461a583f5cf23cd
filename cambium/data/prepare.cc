#include "cambium/data/prepare.h"

#include <algorithm>
#include <numeric>

#include "cambium/base/cpu.h"
#include "cambium/base/error.h"
#include "cambium/base/hash.h"
#include "cambium/base/log.h"
#include "cambium/base/progress.h"
#include "cambium/base/signals.h"
#include "cambium/base/text.h"
#include "cambium/data/input_files.h"
#include "cambium/data/ordered_workers.h"
#include "cambium/formats/streams.h"

namespace cambium::data {
namespace {

constexpr int64_t kBatchBytes = int64_t{1} << 20;
constexpr int64_t kBytesUnderWay = int64_t{64} << 20;

/// What one worker takes at a time: some lines of a JSON lines file, or one text file.
struct Batch {
  size_t file;
  int64_t first_line = 0;  ///< from 1; 0: the only entry is a whole text
  std::vector<std::string> entries = {};
  int64_t bytes = 0;
};

struct EncodedDocument {
  std::vector<int32_t> ids;
  int64_t text_bytes;
  bool held_out;
};

struct EncodedBatch {
  size_t file;
  int64_t bytes;
  std::vector<EncodedDocument> documents = {};
  int64_t empty = 0, bad = 0;
  std::string first_fault = {};
};

void stop_if_asked() {
  if (StopRequest::signal() != 0) throw Stopped("stopped by a signal; nothing was written");
}

std::string text_of_line(const std::string& line, const std::string& key, const std::string& where) {
  formats::Json json = formats::parse_json(line, where);
  if (!json.is_object()) bad_input("{}: expected an object with the key `{}`, found {}", where, key, json.type_name());
  const auto value = json.find(key);
  if (value == json.end()) {
    std::vector<std::string> keys;
    for (const auto& item : json.items()) keys.push_back(item.key());
    bad_input("{}: no key `{}` (--text-key names another); found: {}", where, key, join(keys, ", "));
  }
  if (!value->is_string()) bad_input("{}: key `{}`: expected a string, found {}", where, key, value->type_name());
  return std::move(value->get_ref<std::string&>());
}

class Preparation {
 public:
  Preparation(const text::Tokenizer& tokenizer, const PrepareOptions& options)
      : tokenizer_(tokenizer),
        options_(options),
        found_(find_inputs(options.inputs)),
        total_bytes_(std::accumulate(found_.files.begin(), found_.files.end(), int64_t{0},
                                     [](int64_t sum, const InputFile& file) { return sum + file.bytes; })),
        val_fraction_(options.val_fraction.value_or(total_bytes_ >= kAutoHoldoutBytes ? kAutoHoldout : 0)),
        writer_(options.out, tokenizer, end_of_text_id(tokenizer, options.end_of_text), options.replace,
                options.shard_tokens),
        progress_("prepare", total_bytes_, "bytes"),
        workers_(thread_count(options.workers)) {
    for (const InputFile& file : found_.files) inputs_.push_back({.path = file.path.string(), .bytes = file.bytes});
  }

  Manifest run() {
    report_skipped_files();
    for (size_t i = 0; i < found_.files.size(); ++i) {
      found_.files[i].kind == InputFile::Kind::kText ? read_text(i) : read_lines(i);
      bytes_done_ += found_.files[i].bytes;
    }
    while (workers_.under_way() > 0) write_next();
    progress_.finish();
    report_bad_lines();
    return writer_.commit(inputs_, {{"made_by", "cambium data prepare"},
                                    {"text_key", options_.text_key},
                                    {"val_fraction", val_fraction_},
                                    {"seed", options_.seed},
                                    {"skip_bad_lines", options_.skip_bad_lines}});
  }

 private:
  void read_text(size_t file) {
    const auto stream = formats::open_input(found_.files[file].path);
    Batch batch{.file = file, .entries = {""}};
    std::string& text = batch.entries.front();
    std::string chunk(kBatchBytes, '\0');
    while (const size_t got = stream->read(chunk.data(), chunk.size())) {
      text.append(chunk, 0, got);
      stop_if_asked();
      progress_.update(bytes_done_ + stream->consumed());
    }
    batch.bytes = std::ssize(text);
    submit(std::move(batch));
  }

  void read_lines(size_t file) {
    const auto& path = found_.files[file].path;
    formats::LineReader reader(formats::open_input(path), path.string());
    Batch batch{.file = file, .first_line = 1};
    std::string line;
    while (reader.next(line)) {
      batch.bytes += std::ssize(line) + 1;
      batch.entries.push_back(std::move(line));
      if (batch.bytes < kBatchBytes) continue;
      submit(std::exchange(batch, Batch{.file = file, .first_line = reader.line_number() + 1}));
      progress_.update(bytes_done_ + reader.consumed());
    }
    submit(std::move(batch));
  }

  void submit(Batch batch) {
    stop_if_asked();
    while (workers_.under_way() > 0 && bytes_under_way_ + batch.bytes > kBytesUnderWay) write_next();
    bytes_under_way_ += batch.bytes;
    auto shared = std::make_shared<Batch>(std::move(batch));  // std::function wants to be copied
    workers_.submit([this, shared] { return encode(*shared); });
  }

  void write_next() {
    stop_if_asked();
    const EncodedBatch batch = workers_.next();
    bytes_under_way_ -= batch.bytes;
    for (const EncodedDocument& document : batch.documents) {
      writer_.add(document.held_out ? "val" : "train", document.ids, document.text_bytes);
    }
    InputInfo& input = inputs_[batch.file];
    input.documents += std::ssize(batch.documents);
    input.empty_documents += batch.empty;
    input.bad_lines += batch.bad;
    if (first_fault_.empty()) first_fault_ = batch.first_fault;
  }

  /// Runs in a worker; touches nothing that changes.
  EncodedBatch encode(Batch& batch) const {
    EncodedBatch result{.file = batch.file, .bytes = batch.bytes};
    const std::string path = found_.files[batch.file].path.string();
    if (batch.first_line == 0) {
      const size_t invalid = find_invalid_utf8(batch.entries.front());
      if (invalid != std::string::npos) bad_input("{}: byte offset {}: invalid UTF-8", path, invalid);
      encode_document(std::move(batch.entries.front()), result);
      return result;
    }
    int64_t line_number = batch.first_line - 1;
    for (const std::string& line : batch.entries) {
      ++line_number;
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      std::string text;
      try {
        text = text_of_line(line, options_.text_key, format("{}:{}", path, line_number));
      } catch (const InvalidInput& error) {
        if (!options_.skip_bad_lines) throw;
        if (result.bad++ == 0) result.first_fault = error.what();
        continue;
      }
      encode_document(std::move(text), result);
    }
    return result;
  }

  void encode_document(std::string text, EncodedBatch& result) const {
    if (text.empty()) {
      ++result.empty;
      return;
    }
    EncodedDocument document{.ids = {}, .text_bytes = std::ssize(text), .held_out = false};
    document.held_out = static_cast<double>(hash64(text, options_.seed) >> 11) * 0x1p-53 < val_fraction_;
    tokenizer_.encode(text, document.ids);
    result.documents.push_back(std::move(document));
  }

  void report_skipped_files() const {
    if (found_.skipped.empty()) return;
    log_info(format("skipped {} files of other kinds ({}{})", found_.skipped.size(), found_.skipped.front(),
                    found_.skipped.size() > 1 ? ", ..." : ""));
  }

  void report_bad_lines() const {
    int64_t bad = 0;
    for (const InputInfo& input : inputs_) bad += input.bad_lines;
    if (bad > 0) log_warning(format("skipped {} bad lines; the first: {}", bad, first_fault_));
  }

  const text::Tokenizer& tokenizer_;
  const PrepareOptions& options_;
  FoundInputs found_;
  int64_t total_bytes_;
  double val_fraction_;
  DatasetWriter writer_;
  Progress progress_;
  std::vector<InputInfo> inputs_;
  std::string first_fault_;
  int64_t bytes_done_ = 0, bytes_under_way_ = 0;
  OrderedWorkers<EncodedBatch> workers_;  // last: its threads end before what they read
};

}  // namespace

Manifest prepare(const text::Tokenizer& tokenizer, const PrepareOptions& options) {
  if (options.val_fraction && !(*options.val_fraction >= 0 && *options.val_fraction < 1)) {
    bad_input("--val-fraction {}: expected a number from 0 to less than 1", *options.val_fraction);
  }
  return Preparation(tokenizer, options).run();
}

}  // namespace cambium::data
