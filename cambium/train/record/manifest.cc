#include "cambium/train/record/manifest.h"

#include <algorithm>
#include <set>
#include <vector>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/hash.h"
#include "cambium/formats/json.h"

namespace cambium::train {
namespace fs = std::filesystem;
namespace {

constexpr const char* kManifest = "manifest.json";
constexpr const char* kFormat = "cambium-checkpoint";
constexpr int64_t kVersion = 1;

/// Files that a manifest has to list: always, or where they are there. A manifest of nothing vouches for nothing.
struct Part {
  const char* name;
  bool needed;
};
constexpr Part kParts[] = {{"config.json", true},   {"model.safetensors", true}, {"optimizer.safetensors", false},
                           {"trainer.json", false}, {"tokenizer.json", false},   {"tokenizer.model", false}};

std::string check_file(const fs::path& directory, const formats::JsonView& entry, bool hashes) {
  const std::string name = entry.string("name");
  if (!is_file_name(name)) {
    return format("{}: name `{}` is not that of a file in this folder", kManifest, name);
  }
  const fs::path file = directory / name;
  const int64_t expected = entry.integer("bytes", 0, INT64_MAX);
  if (fs::symlink_status(file).type() != fs::file_type::regular) {
    return format("{}: missing", file.string());
  }
  const auto found = static_cast<int64_t>(fs::file_size(file));
  if (found != expected) {
    return format("{}: expected {} bytes, found {}", file.string(), expected, found);
  }
  if (hashes && hash_file(file) != entry.string("xxh3_128")) {
    return format("{}: its hash is not the one that {} states; the content was changed", file.string(), kManifest);
  }
  return "";
}

}  // namespace

void write_manifest(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    if (entry.is_regular_file() && entry.path().filename() != kManifest) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  formats::Json list = formats::Json::array();
  for (const fs::path& file : files) {
    list.push_back({{"name", file.filename().string()},
                    {"bytes", static_cast<int64_t>(fs::file_size(file))},
                    {"xxh3_128", hash_file(file)}});
  }
  const formats::Json manifest{{"format", kFormat}, {"version", kVersion}, {"files", list}};
  write_file_atomic(directory / kManifest, manifest.dump(1) + "\n");
}

std::string check_manifest(const fs::path& directory, bool hashes) {
  const fs::path path = directory / kManifest;
  if (!fs::exists(path)) {
    return format("{}: missing", path.string());
  }
  try {
    const formats::Json json = formats::read_json(path);
    const formats::JsonView manifest(json, path.string());
    if (manifest.string("format") != kFormat) {
      manifest.fail("format", format("\"{}\"", kFormat));
    }
    manifest.integer("version", kVersion, kVersion);
    std::set<std::string> listed;
    for (const formats::Json& entry : manifest.list("files")) {
      const formats::JsonView view(entry, path.string());
      const std::string wrong = check_file(directory, view, hashes);
      if (!wrong.empty()) {
        return wrong;
      }
      listed.insert(view.string("name"));
    }
    for (const auto& [name, needed] : kParts) {
      if (!listed.contains(name) && (needed || fs::exists(directory / name))) {
        return format("{}: does not list {}", path.string(), name);
      }
    }
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

std::string stated_hash(const fs::path& directory, const std::string& name) {
  const fs::path path = directory / kManifest;
  const formats::Json json = formats::read_json(path);
  for (const formats::Json& entry : formats::JsonView(json, path.string()).list("files")) {
    const formats::JsonView file(entry, path.string());
    if (file.string("name") == name) {
      return file.string("xxh3_128");
    }
  }
  return "";
}

}  // namespace cambium::train
