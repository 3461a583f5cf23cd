#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace cambium::data {

/// A file to take documents from.
struct InputFile {
  enum class Kind { kText, kJsonLines };
  std::filesystem::path path;
  Kind kind;
  int64_t bytes;  ///< as it lies on disk
};

struct FoundInputs {
  std::vector<InputFile> files;
  std::vector<std::string> skipped;  ///< files of folders whose names tell no kind
};

/// Files as they are, folders with all that lies below them in the order of their paths. By name: .txt, .md and .text
/// are one document each, .jsonl, .ndjson and .json one document a line; each may end in .gz or .zst besides. In
/// folders other names, and names that begin with a dot, are skipped; a file named outright must be of a known kind.
/// Throws InvalidInput for what does not exist, for unknown kinds, and where nothing is found.
FoundInputs find_inputs(const std::vector<std::filesystem::path>& inputs);

}  // namespace cambium::data
