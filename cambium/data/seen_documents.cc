#include "cambium/data/seen_documents.h"

#include <cstring>

#include "cambium/base/error.h"
#include "cambium/base/hash.h"

namespace cambium::data {
namespace fs = std::filesystem;
namespace {

constexpr size_t kFirstSlots = size_t{1} << 16;
constexpr DocumentKey kFree{0, 0};

}  // namespace

DocumentKey document_key(std::string_view text) {
  const DocumentKey key{hash64(text, 0x6b65'7931), hash64(text, 0x6b65'7932)};
  return key == kFree ? DocumentKey{1, 0} : key;
}

SeenDocuments::SeenDocuments(const fs::path& path, int64_t known) : slots_(kFirstSlots, kFree) {
  if (known > 0) {
    const auto bytes = static_cast<uint64_t>(known) * sizeof(DocumentKey);
    std::error_code error;
    if (fs::file_size(path, error) < bytes || error) {
      bad_input("{}: expected {} documents of {} bytes", path.string(), known, sizeof(DocumentKey));
    }
    fs::resize_file(path, bytes);
    const MappedFile file(path);
    for (int64_t i = 0; i < known; ++i) {
      DocumentKey key;
      std::memcpy(&key, file.bytes().data() + i * static_cast<int64_t>(sizeof(key)), sizeof(key));
      put(key);
    }
  }
  file_.emplace(path, known > 0 ? FileWriter::Mode::kAppend : FileWriter::Mode::kTruncate);
}

bool SeenDocuments::insert(const DocumentKey& key) {
  if (!put(key)) return false;
  file_->write(std::as_bytes(std::span(key)));
  return true;
}

int64_t SeenDocuments::save() {
  file_->sync();
  return used_;
}

bool SeenDocuments::put(const DocumentKey& key) {
  if (3 * (used_ + 1) > 2 * std::ssize(slots_)) {
    std::vector<DocumentKey> old(2 * slots_.size(), kFree);
    old.swap(slots_);
    used_ = 0;
    for (const DocumentKey& known : old) {
      if (known != kFree) put(known);
    }
  }
  size_t slot = key[0] & (slots_.size() - 1);
  for (; slots_[slot] != kFree; slot = (slot + 1) & (slots_.size() - 1)) {
    if (slots_[slot] == key) return false;
  }
  slots_[slot] = key;
  ++used_;
  return true;
}

}  // namespace cambium::data
