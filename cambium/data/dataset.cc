#include "cambium/data/dataset.h"

#include <algorithm>
#include <cstring>

#include "cambium/base/error.h"
#include "cambium/base/hash.h"
#include "cambium/base/read_ahead.h"
#include "cambium/data/manifest.h"

namespace cambium::data {
namespace {

/// Of what a split holds, from the checksums of its files: not of where it came from, or where it lies.
std::string content_hash(const Manifest& manifest, const SplitInfo& split) {
  Hasher hasher;
  hasher.update(format("{} bytes a token\n", manifest.token_bytes));
  for (const ShardInfo& shard : split.shards) {
    hasher.update(format("{} {} {} {}\n", shard.tokens, shard.hash, shard.documents, shard.documents_hash));
  }
  return hasher.hex();
}

}  // namespace

TokenDataset TokenDataset::open(const std::filesystem::path& directory, const std::string& split_name) {
  const Manifest manifest = read_manifest(directory);
  const SplitInfo& split = manifest.split(split_name, directory);
  TokenDataset dataset;
  dataset.directory_ = directory;
  dataset.token_bytes_ = manifest.token_bytes;
  dataset.vocab_size_ = manifest.vocab_size;
  dataset.end_of_text_ = manifest.end_of_text;
  dataset.tokenizer_hash_ = manifest.tokenizer_hash;
  dataset.text_bytes_ = split.text_bytes;
  dataset.hash_ = content_hash(manifest, split);
  for (const ShardInfo& info : split.shards) {
    dataset.shards_.push_back({.file = MappedFile(directory / info.file, info.tokens * manifest.token_bytes),
                               .documents = MappedFile(directory / info.documents_file, info.documents * 8),
                               .path = directory / info.file,
                               .begin = dataset.num_tokens_,
                               .count = info.tokens,
                               .first_document = dataset.num_documents_,
                               .num_documents = info.documents});
    dataset.num_tokens_ += info.tokens;
    dataset.num_documents_ += info.documents;
  }
  return dataset;
}

void TokenDataset::read(int64_t begin, std::span<int32_t> out) const {
  if (begin < 0 || std::ssize(out) > num_tokens_ - begin) {
    throw InvalidArgument(format("{}: tokens {} to {} of {}: out of range", directory_.string(), begin,
                                 begin + std::ssize(out), num_tokens_));
  }
  auto shard = std::upper_bound(shards_.begin(), shards_.end(), begin,
                                [](int64_t position, const Shard& s) { return position < s.begin + s.count; });
  while (!out.empty()) {
    const int64_t offset = begin - shard->begin;
    const auto count = static_cast<size_t>(std::min(std::ssize(out), shard->count - offset));
    read_shard(*shard, offset, out.first(count));
    out = out.subspan(count);
    begin += static_cast<int64_t>(count);
    ++shard;
  }
}

void TokenDataset::read_shard(const Shard& shard, int64_t begin, std::span<int32_t> out) const {
  const std::byte* data = shard.file.bytes().data() + begin * token_bytes_;
  if (token_bytes_ == 2) {
    const auto* ids = reinterpret_cast<const uint16_t*>(data);
    std::copy_n(ids, out.size(), out.begin());
  } else {
    std::memcpy(out.data(), data, out.size_bytes());
  }
  // A damaged file must not become an index outside the embedding. As unsigned numbers negative ids are large ones.
  const auto vocab = static_cast<uint32_t>(vocab_size_);
  const auto bad = std::find_if(out.begin(), out.end(), [&](int32_t id) { return static_cast<uint32_t>(id) >= vocab; });
  if (bad != out.end()) {
    bad_input("{}: byte offset {}: token {}: expected less than the vocabulary's {}", shard.path.string(),
              (begin + (bad - out.begin())) * token_bytes_, static_cast<uint32_t>(*bad), vocab_size_);
  }
}

void TokenDataset::read_ahead(int64_t begin, int64_t count) const {
  const int64_t end = begin + count;
  for (const Shard& shard : shards_) {
    const int64_t first = std::max(begin, shard.begin), last = std::min(end, shard.begin + shard.count);
    if (first >= last) continue;
    cambium::read_ahead(shard.file.bytes().subspan(static_cast<size_t>((first - shard.begin) * token_bytes_),
                                                   static_cast<size_t>((last - first) * token_bytes_)));
  }
}

void TokenDataset::expect_random_reads() const {
  for (const Shard& shard : shards_) cambium::expect_random_reads(shard.file.bytes());
}

int64_t TokenDataset::document_begin(const Shard& shard, int64_t document) const {
  if (document == shard.num_documents) return shard.begin + shard.count;
  uint64_t offset = 0;
  std::memcpy(&offset, shard.documents.bytes().data() + document * 8, 8);
  if (offset >= static_cast<uint64_t>(shard.count)) {
    bad_input("{}: document {} begins at token {} of {}", directory_.string(), document, offset, shard.count);
  }
  return shard.begin + static_cast<int64_t>(offset);
}

std::pair<int64_t, int64_t> TokenDataset::document_range(int64_t document) const {
  if (document < 0 || document >= num_documents_) {
    throw InvalidArgument(format("{}: document {} of {}: out of range", directory_.string(), document, num_documents_));
  }
  const auto shard = std::upper_bound(shards_.begin(), shards_.end(), document, [](int64_t index, const Shard& s) {
    return index < s.first_document + s.num_documents;
  });
  const int64_t local = document - shard->first_document;
  const std::pair range(document_begin(*shard, local), document_begin(*shard, local + 1));
  if (range.first >= range.second)
    bad_input("{}: document {}: its offsets do not ascend", directory_.string(), document);
  return range;
}

}  // namespace cambium::data
