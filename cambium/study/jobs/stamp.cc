#include "cambium/study/jobs/stamp.h"

#include <algorithm>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/hash.h"
#include "cambium/formats/json.h"

namespace cambium::study {
namespace fs = std::filesystem;
namespace {

using formats::Json;

/// All files of what a job made, but hidden ones; sorted.
std::vector<fs::path> files_of(const Job& job) {
  std::vector<fs::path> files;
  for (const fs::path& made : job.makes) {
    if (!fs::is_directory(made)) {
      files.push_back(made);
      continue;
    }
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(made)) {
      if (entry.is_regular_file() && !entry.path().filename().string().starts_with('.')) {
        files.push_back(entry.path());
      }
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

bool is_done(const fs::path& stamp, const Job& job) {
  if (!fs::is_regular_file(stamp)) {
    return false;
  }
  const Json json = Json::parse(read_file(stamp), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("command", Json()) != Json(job.arguments) || !json.contains("files") ||
      !json["files"].is_array() || json["files"].empty()) {
    return false;
  }
  return std::all_of(json["files"].begin(), json["files"].end(), [](const Json& entry) {
    if (!entry.is_object() || !entry.contains("file") || !entry["file"].is_string()) {
      return false;
    }
    const fs::path file = entry["file"].get<std::string>();
    return fs::is_regular_file(file) && entry.value("bytes", Json()) == Json(fs::file_size(file)) &&
           entry.value("xxh3_128", Json()) == Json(hash_file(file));
  });
}

void write_stamp(const fs::path& stamp, const Job& job) {
  Json files = Json::array();
  for (const fs::path& made : job.makes) {
    if (!fs::exists(made)) {
      fail("{}: ended well, but {} is not there", job.name, made.string());
    }
  }
  for (const fs::path& file : files_of(job)) {
    files.push_back({{"file", file.string()}, {"bytes", fs::file_size(file)}, {"xxh3_128", hash_file(file)}});
  }
  if (files.empty()) {
    fail("{}: ended well, but left no file", job.name);
  }
  make_directories(stamp.parent_path());
  write_file_atomic(stamp, Json{{"job", job.name}, {"command", job.arguments}, {"files", files}}.dump(1) + "\n");
}

}  // namespace cambium::study
