#include "cambium/data/input_files.h"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <numeric>
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
  if (lower_extension(path) == ".parquet") return InputFile::Kind::kParquet;
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

constexpr const char* kKnown = ".txt, .md, .text, .jsonl, .ndjson or .json (plain, .gz or .zst), or .parquet";

/// A file that the user named, or a folder.
void add(const fs::path& input, const fs::file_status& status, std::optional<InputFile::Kind> given,
         FoundInputs& found) {
  if (fs::is_directory(status)) {
    const size_t before = found.files.size();
    find_below(input, found);
    if (found.files.size() == before) bad_input("{}: no text in this folder: expected {}", input.string(), kKnown);
    return;
  }
  if (!fs::is_regular_file(status) && !given) bad_input("{}: expected a file or a folder", input.string());
  const auto kind = given ? given : kind_of(input);
  if (!kind) bad_input("{}: unknown kind of file: expected {}, or --input-format", input.string(), kKnown);
  found.files.push_back({input, *kind, fs::is_regular_file(status) ? static_cast<int64_t>(fs::file_size(input)) : 0});
}

/// What matches a pattern, in the order of the paths; nothing where it is none.
std::vector<fs::path> matches_of(const fs::path& pattern) {
  if (pattern.string().find_first_of("*?[") == std::string::npos) return {};
  glob_t matches{};
  std::vector<fs::path> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &matches) == 0) {
    paths.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
  }
  ::globfree(&matches);
  std::sort(paths.begin(), paths.end());
  return paths;
}

int64_t bytes_of_standard_input() {
  struct stat info {};
  return ::fstat(STDIN_FILENO, &info) == 0 && S_ISREG(info.st_mode) ? info.st_size : 0;
}

}  // namespace

FoundInputs find_inputs(const std::vector<fs::path>& inputs, std::optional<InputFile::Kind> kind) {
  FoundInputs found;
  for (const fs::path& input : inputs) {
    if (input == "-") {
      found.files.push_back({input, kind.value_or(InputFile::Kind::kJsonLines), bytes_of_standard_input()});
      continue;
    }
    std::error_code error;
    const fs::file_status status = fs::status(input, error);
    if (fs::exists(status)) {
      add(input, status, kind, found);
      continue;
    }
    const std::vector<fs::path> matches = matches_of(input);
    if (matches.empty()) bad_input("{}: no such file or folder", input.string());
    for (const fs::path& match : matches) add(match, fs::status(match, error), kind, found);
  }
  return found;
}

int64_t total_bytes(const std::vector<InputFile>& files) {
  return std::accumulate(files.begin(), files.end(), int64_t{0},
                         [](int64_t sum, const InputFile& file) { return sum + file.bytes; });
}

std::optional<InputFile::Kind> parse_input_kind(std::string_view name) {
  if (name == "auto") return std::nullopt;
  if (name == "jsonl") return InputFile::Kind::kJsonLines;
  if (name == "text") return InputFile::Kind::kText;
  if (name == "parquet") return InputFile::Kind::kParquet;
  throw InvalidArgument(format("input format `{}`: expected auto, jsonl, text or parquet", name));
}

}  // namespace cambium::data
