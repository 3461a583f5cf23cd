#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cambium::data {

/// A file to take documents from; "-" is standard input.
struct InputFile {
  enum class Kind { kText, kJsonLines, kParquet };
  std::filesystem::path path;
  Kind kind;
  int64_t bytes;  ///< as it lies on disk; 0 where that is not known (a pipe)

  bool is_standard_input() const { return path == "-"; }
  std::string shown() const { return is_standard_input() ? "standard input" : path.string(); }
};

struct FoundInputs {
  std::vector<InputFile> files;
  std::vector<std::string> skipped;  ///< files of folders whose names tell no kind
};

/// Files as they are, folders with all that lies below them in the order of their paths, patterns (`*`, `?`, `[a-z]`,
/// where no file has that very name) as the files that match, in the same order. By name: .txt, .md and .text are one
/// document each, .jsonl, .ndjson and .json one document a line; each may end in .gz or .zst besides; .parquet is one
/// document a row. In folders other names, and names that begin with a dot, are skipped; a file named outright must be
/// of a known kind, unless `kind` says what it is. Standard input is JSON lines unless `kind` says otherwise. Throws
/// InvalidInput for what does not exist, for unknown kinds, and where nothing is found.
FoundInputs find_inputs(const std::vector<std::filesystem::path>& inputs, std::optional<InputFile::Kind> kind = {});

/// As they lie on disk.
int64_t total_bytes(const std::vector<InputFile>& files);

/// "jsonl", "text", "parquet"; nothing for "auto". Throws InvalidArgument for others.
std::optional<InputFile::Kind> parse_input_kind(std::string_view name);

}  // namespace cambium::data
