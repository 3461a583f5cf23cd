#include "cambium/data/encoded_batch.h"

#include <cstring>
#include <span>

#include "cambium/base/hash.h"

namespace cambium::data {
namespace {

/// Behind it the hash of all that follows; numbers are int64, little endian, texts have their length in front.
constexpr std::string_view kMark = "cambiumB";
constexpr size_t kHeadBytes = kMark.size() + sizeof(uint64_t);

class Packer {
 public:
  template <typename T>
  void add(std::span<const T> values) {
    const auto bytes = std::as_bytes(values);
    body_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void add(int64_t value) { add(std::span<const int64_t>(&value, 1)); }
  void add(const std::string& text) {
    add(std::ssize(text));
    body_ += text;
  }
  std::string finish() {
    const uint64_t hash = hash64(std::string_view(body_).substr(kHeadBytes));
    std::memcpy(body_.data() + kMark.size(), &hash, sizeof(hash));
    return std::move(body_);
  }

 private:
  std::string body_ = std::string(kMark) + std::string(sizeof(uint64_t), '\0');
};

class Unpacker {
 public:
  Unpacker(std::string_view bytes, const std::string& who) : left_(bytes), who_(who) {
    uint64_t hash = 0;
    if (bytes.size() < kHeadBytes || !bytes.starts_with(kMark)) damaged();
    std::memcpy(&hash, bytes.data() + kMark.size(), sizeof(hash));
    left_.remove_prefix(kHeadBytes);
    if (hash64(left_) != hash) damaged();
  }

  template <typename T>
  void read(std::span<T> out) {
    const std::string_view bytes = take(std::ssize(out), sizeof(T));
    if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
  }
  int64_t number() {
    int64_t value = 0;
    read(std::span(&value, 1));
    return value;
  }
  /// Of something that takes `bytes_each` or more: what cannot be there is not allocated either.
  int64_t count(size_t bytes_each) {
    const int64_t value = number();
    if (value < 0 || static_cast<uint64_t>(value) > left_.size() / bytes_each) damaged();
    return value;
  }
  std::string text() { return std::string(take(count(1), 1)); }
  void finish() const {
    if (!left_.empty()) damaged();
  }
  [[noreturn]] void damaged() const { fail("{} handed over a damaged batch", who_); }

 private:
  std::string_view take(int64_t count, size_t bytes_each) {
    const size_t bytes = static_cast<size_t>(count) * bytes_each;
    if (left_.size() < bytes) damaged();
    const std::string_view taken = left_.substr(0, bytes);
    left_.remove_prefix(bytes);
    return taken;
  }

  std::string_view left_;
  const std::string& who_;
};

constexpr size_t kLeastDocument = 3 * sizeof(int64_t) + sizeof(DocumentKey);

}  // namespace

std::string pack(const EncodedBatch& batch) {
  Packer packer;
  packer.add(static_cast<int64_t>(ExitCode::kDone));
  packer.add(static_cast<int64_t>(batch.file));
  packer.add(batch.bytes);
  packer.add(static_cast<int64_t>(batch.behind.file));
  packer.add(batch.behind.offset);
  packer.add(batch.behind.lines);
  packer.add(batch.behind.hash);
  packer.add(batch.empty);
  packer.add(batch.bad);
  packer.add(batch.first_fault);
  packer.add(std::ssize(batch.documents));
  for (const EncodedDocument& document : batch.documents) {
    packer.add(document.text_bytes);
    packer.add(int64_t{document.held_out});
    packer.add(std::span<const uint64_t>(document.key));
    packer.add(std::ssize(document.ids));
    packer.add(std::span<const int32_t>(document.ids));
  }
  return packer.finish();
}

std::string pack_failure(ExitCode code, const std::string& why) {
  Packer packer;
  packer.add(static_cast<int64_t>(code));
  packer.add(why);
  return packer.finish();
}

EncodedBatch unpack_batch(std::string_view bytes, const std::string& who) {
  Unpacker unpacker(bytes, who);
  const int64_t code = unpacker.number();
  if (code == static_cast<int64_t>(ExitCode::kBadInput)) throw InvalidInput(unpacker.text());
  if (code == static_cast<int64_t>(ExitCode::kStopped)) throw Stopped(unpacker.text());
  if (code != static_cast<int64_t>(ExitCode::kDone)) unpacker.damaged();
  EncodedBatch batch;
  batch.file = static_cast<size_t>(unpacker.number());
  batch.bytes = unpacker.number();
  batch.behind.file = static_cast<size_t>(unpacker.number());
  batch.behind.offset = unpacker.number();
  batch.behind.lines = unpacker.number();
  batch.behind.hash = unpacker.text();
  batch.empty = unpacker.number();
  batch.bad = unpacker.number();
  batch.first_fault = unpacker.text();
  batch.documents.resize(static_cast<size_t>(unpacker.count(kLeastDocument)));
  for (EncodedDocument& document : batch.documents) {
    document.text_bytes = unpacker.number();
    document.held_out = unpacker.number() != 0;
    unpacker.read(std::span<uint64_t>(document.key));
    document.ids.resize(static_cast<size_t>(unpacker.count(sizeof(int32_t))));
    unpacker.read(std::span<int32_t>(document.ids));
  }
  unpacker.finish();
  return batch;
}

}  // namespace cambium::data
