#include "cambium/data/input_files.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "cambium/base/error.h"

namespace cambium::data {
namespace fs = std::filesystem;
namespace {

std::string lower_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension;
}

std::optional<InputFile::Kind> kind_of(fs::path path) {
  if (const std::string packed = lower_extension(path); packed == ".gz" || packed == ".zst") path = path.stem();
  const std::string extension = lower_extension(path);
  if (extension == ".txt" || extension == ".md" || extension == ".text") return InputFile::Kind::kText;
  if (extension == ".jsonl" || extension == ".ndjson" || extension == ".json") return InputFile::Kind::kJsonLines;
  return std::nullopt;
}

void find_below(const fs::path& folder, FoundInputs& found) {
  std::vector<fs::path> paths;
  for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::recursive_directory_iterator(); ++entry) {
    if (entry->path().filename().string().starts_with('.')) {
      if (entry->is_directory()) entry.disable_recursion_pending();
    } else if (entry->is_regular_file()) {
      paths.push_back(entry->path());
    }
  }
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    if (const auto kind = kind_of(path)) {
      found.files.push_back({path, *kind, static_cast<int64_t>(fs::file_size(path))});
    } else {
      found.skipped.push_back(path.string());
    }
  }
}

}  // namespace

FoundInputs find_inputs(const std::vector<fs::path>& inputs) {
  FoundInputs found;
  for (const fs::path& input : inputs) {
    std::error_code error;
    const fs::file_status status = fs::status(input, error);
    if (!fs::exists(status)) bad_input("{}: no such file or folder", input.string());
    if (fs::is_directory(status)) {
      const size_t before = found.files.size();
      find_below(input, found);
      if (found.files.size() == before) {
        bad_input(
            "{}: no text in this folder: expected .txt, .md, .text, .jsonl, .ndjson or .json (plain, .gz or .zst)",
            input.string());
      }
      continue;
    }
    if (!fs::is_regular_file(status)) bad_input("{}: expected a file or a folder", input.string());
    const auto kind = kind_of(input);
    if (!kind) {
      bad_input("{}: unknown kind of file: expected .txt, .md, .text, .jsonl, .ndjson or .json (plain, .gz or .zst)",
                input.string());
    }
    found.files.push_back({input, *kind, static_cast<int64_t>(fs::file_size(input))});
  }
  return found;
}

}  // namespace cambium::data
