#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "cambium/base/files.h"

namespace cambium::data {

/// 128 bits of a document's text: two texts of a corpus that share them are the same for all purposes.
using DocumentKey = std::array<uint64_t, 2>;
DocumentKey document_key(std::string_view text);

/// The documents of a corpus that have come by, to leave out their copies; 16 bytes each in memory, at most two thirds
/// of the table filled, and 16 bytes each in a file, from which a later process goes on.
class SeenDocuments {
 public:
  /// `path` is begun anew, or, with `known` of an earlier `save`, read as far and gone on with. Throws InvalidInput
  /// where it is shorter.
  explicit SeenDocuments(const std::filesystem::path& path, int64_t known = 0);

  /// True the first time.
  bool insert(const DocumentKey& key);
  /// Flushes the file to disk; how many documents it then holds.
  int64_t save();

 private:
  bool put(const DocumentKey& key);

  std::vector<DocumentKey> slots_;  ///< open addressing; zeros are free
  int64_t used_ = 0;
  std::optional<FileWriter> file_;
};

}  // namespace cambium::data
