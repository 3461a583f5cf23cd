#include "cambium/data/dataset_writer.h"

#include <algorithm>
#include <set>

#include "cambium/base/error.h"

namespace cambium::data {
namespace fs = std::filesystem;
namespace {

void require_bytes(const fs::path& path, int64_t bytes) {
  std::error_code error;
  const uint64_t found = fs::file_size(path, error);
  if (error || found < static_cast<uint64_t>(bytes)) {
    bad_input("{}: expected at least {} bytes, found {}", path.string(), bytes, error ? 0 : found);
  }
}

/// A file and the hash of what goes into it.
class HashedFile {
 public:
  explicit HashedFile(const fs::path& path) : writer_(path) {}
  /// Goes on behind the first `bytes` bytes of a file; what follows them is cut off.
  HashedFile(const fs::path& path, int64_t bytes) : hasher_(hash_first(path, bytes)), writer_(path, kAppend) {}
  template <typename T>
  void write(std::span<const T> values) {
    const auto bytes = std::as_bytes(values);
    writer_.write(bytes);
    hasher_.update(bytes);
  }
  std::string close() {
    writer_.close(/*sync=*/false);  // StagedDirectory flushes to disk
    return hasher_.hex();
  }
  void sync() { writer_.sync(); }

 private:
  static constexpr FileWriter::Mode kAppend = FileWriter::Mode::kAppend;
  static Hasher hash_first(const fs::path& path, int64_t bytes) {
    require_bytes(path, bytes);
    fs::resize_file(path, static_cast<uint64_t>(bytes));
    Hasher hasher;
    hasher.update(MappedFile(path, bytes).bytes());
    return hasher;
  }

  Hasher hasher_;
  FileWriter writer_;
};

const fs::path& replaceable(const fs::path& target, bool replace) {
  if (replace && fs::exists(target) && !fs::is_empty(target)) {
    try {
      read_manifest(target);
    } catch (const InvalidInput& error) {
      bad_input("{}: exists and is no token dataset ({}); not replaced", target.string(), error.what());
    }
  }
  return target;
}

}  // namespace

/// The open shard of one split, and the finished ones' description.
class DatasetWriter::SplitWriter {
 public:
  SplitWriter(std::string name, fs::path directory, int token_bytes, int64_t shard_tokens)
      : directory_(std::move(directory)), token_bytes_(token_bytes), shard_tokens_(shard_tokens) {
    info_.name = std::move(name);
  }

  const std::string& name() const { return info_.name; }
  const SplitInfo& info() const { return info_; }
  int64_t num_finished() const { return std::ssize(info_.shards) - (tokens_ ? 1 : 0); }

  /// Goes on from the description of an earlier process; the last shard may be open.
  void go_on(SplitInfo info, bool open) {
    info_ = std::move(info);
    for (size_t i = 0; i < info_.shards.size(); ++i) {
      const ShardInfo& shard = info_.shards[i];
      const int64_t bytes = shard.tokens * token_bytes_, documents_bytes = shard.documents * 8;
      if (open && i + 1 == info_.shards.size()) {
        tokens_.emplace(directory_ / shard.file, bytes);
        documents_.emplace(directory_ / shard.documents_file, documents_bytes);
      } else {
        require_bytes(directory_ / shard.file, bytes);
        require_bytes(directory_ / shard.documents_file, documents_bytes);
      }
    }
  }

  formats::Json save() {
    if (tokens_) {
      tokens_->sync();
      documents_->sync();
    }
    for (; synced_ < num_finished(); ++synced_) {
      const ShardInfo& shard = info_.shards[static_cast<size_t>(synced_)];
      for (const std::string& file : {shard.file, shard.documents_file}) sync_file(directory_ / file);
    }
    formats::Json json = to_json(info_, token_bytes_);
    json["open"] = tokens_.has_value();
    return json;
  }

  void add(std::span<const int32_t> ids, int32_t end_of_text, int64_t text_bytes) {
    const int64_t count = std::ssize(ids) + 1;
    if (tokens_ && info_.shards.back().tokens + count > shard_tokens_) close_shard();
    if (!tokens_) open_shard();
    ShardInfo& shard = info_.shards.back();
    const auto offset = static_cast<uint64_t>(shard.tokens);
    documents_->write(std::span(&offset, 1));
    write_ids(ids);
    write_ids(std::span(&end_of_text, 1));
    shard.tokens += count;
    shard.documents += 1;
    info_.tokens += count;
    info_.documents += 1;
    info_.text_bytes += text_bytes;
  }

  SplitInfo finish() {
    if (tokens_) close_shard();
    return std::move(info_);
  }

 private:
  void open_shard() {
    ShardInfo shard;
    shard.file = format("{}-tokens-{:05}.bin", info_.name, info_.shards.size());
    shard.documents_file = format("{}-documents-{:05}.bin", info_.name, info_.shards.size());
    tokens_.emplace(directory_ / shard.file);
    documents_.emplace(directory_ / shard.documents_file);
    info_.shards.push_back(std::move(shard));
  }

  void close_shard() {
    info_.shards.back().hash = tokens_->close();
    info_.shards.back().documents_hash = documents_->close();
    tokens_.reset();
    documents_.reset();
  }

  void write_ids(std::span<const int32_t> ids) {
    if (token_bytes_ == 4) {
      tokens_->write(ids);
      return;
    }
    constexpr size_t kPiece = size_t{1} << 16;  // a document may be a whole book shelf
    while (!ids.empty()) {
      const auto piece = ids.first(std::min(kPiece, ids.size()));
      narrow_.assign(piece.begin(), piece.end());
      tokens_->write(std::span<const uint16_t>(narrow_));
      ids = ids.subspan(piece.size());
    }
  }

  fs::path directory_;
  int token_bytes_;
  int64_t shard_tokens_;
  SplitInfo info_;
  std::optional<HashedFile> tokens_, documents_;
  std::vector<uint16_t> narrow_;
  int64_t synced_ = 0;  ///< finished shards that are known to be on the disk
};

DatasetWriter::DatasetWriter(const fs::path& target, const text::Tokenizer& tokenizer, int32_t end_of_text,
                             bool replace, int64_t shard_tokens, const std::optional<formats::Json>& saved)
    : directory_(replaceable(target, replace), replace,
                 saved ? StagedDirectory::Leftover::kTake : StagedDirectory::Leftover::kRemove),
      tokenizer_(tokenizer.content()),
      shard_tokens_(shard_tokens) {
  manifest_.tokenizer_file = tokenizer.file_name();
  manifest_.tokenizer_hash = tokenizer.hash();
  manifest_.vocab_size = tokenizer.vocab_size();
  manifest_.end_of_text = end_of_text;
  manifest_.token_bytes = token_bytes_for(tokenizer.vocab_size());
  if (saved) {
    for (const auto& [name, value] : saved->items()) {
      const formats::JsonView view(value, format("{}: split `{}`", directory_.staging().string(), name));
      split(name).go_on(split_from_json(name, view, manifest_.token_bytes), view.boolean("open"));
    }
    remove_strangers();
  }
  split("train");
}

DatasetWriter::~DatasetWriter() = default;

/// Files that an earlier process began after its last `save`.
void DatasetWriter::remove_strangers() {
  std::set<std::string> known;
  for (const auto& writer : splits_) {
    for (const ShardInfo& shard : writer->info().shards) known.insert({shard.file, shard.documents_file});
  }
  std::vector<fs::path> strangers;
  for (const auto& entry : fs::directory_iterator(directory_.staging())) {
    if (!known.contains(entry.path().filename().string())) strangers.push_back(entry.path());
  }
  for (const fs::path& stranger : strangers) fs::remove(stranger);
}

DatasetWriter::SplitWriter& DatasetWriter::split(const std::string& name) {
  const auto known = std::find_if(splits_.begin(), splits_.end(), [&](const auto& s) { return s->name() == name; });
  if (known != splits_.end()) return **known;
  splits_.push_back(std::make_unique<SplitWriter>(name, directory_.staging(), manifest_.token_bytes, shard_tokens_));
  return *splits_.back();
}

void DatasetWriter::add(const std::string& split_name, std::span<const int32_t> ids, int64_t text_bytes) {
  split(split_name).add(ids, manifest_.end_of_text, text_bytes);
}

Manifest DatasetWriter::commit(std::vector<InputInfo> inputs, formats::Json settings) {
  int64_t documents = 0;
  for (const auto& writer : splits_) {
    manifest_.splits.push_back(writer->finish());
    documents += manifest_.splits.back().documents;
  }
  if (documents == 0)
    bad_input("{}: the input holds no text: expected at least one document", directory_.target().string());
  if (manifest_.splits.front().documents == 0) {
    bad_input("{}: all {} documents were held out: expected some for training (a smaller --val-fraction)",
              directory_.target().string(), documents);
  }
  manifest_.inputs = std::move(inputs);
  if (settings.is_object()) manifest_.settings = std::move(settings);
  for (const auto& [name, content] : {std::pair<std::string_view, std::string>{manifest_.tokenizer_file, tokenizer_},
                                      {kManifestFile, to_json(manifest_).dump(2) + "\n"}}) {
    FileWriter writer(directory_.staging() / name);
    writer.write(content);
    writer.close(/*sync=*/false);
  }
  directory_.commit();
  return manifest_;
}

formats::Json DatasetWriter::save() {
  formats::Json splits = formats::Json::object();
  for (const auto& writer : splits_) splits[writer->name()] = writer->save();
  sync_directory(directory_.staging());
  return splits;
}

int64_t DatasetWriter::num_tokens() const {
  int64_t tokens = 0;
  for (const auto& writer : splits_) tokens += writer->info().tokens;
  return tokens;
}

int64_t DatasetWriter::num_finished_shards() const {
  int64_t shards = 0;
  for (const auto& writer : splits_) shards += writer->num_finished();
  return shards;
}

int32_t end_of_text_id(const text::Tokenizer& tokenizer, const std::optional<std::string>& token) {
  const std::optional<int32_t> id = token ? tokenizer.token_id(*token) : tokenizer.end_of_text();
  if (id) return *id;
  if (token) bad_input("--end-of-text {}: the tokenizer has no such token", *token);
  bad_input("the tokenizer names no end-of-text token: give one with --end-of-text TOKEN");
}

}  // namespace cambium::data
