#include "cambium/model/config/weight_files.h"

#include <set>
#include <string>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/formats/json.h"

namespace cambium::model {
namespace fs = std::filesystem;

std::vector<fs::path> weight_files(const fs::path& directory) {
  constexpr const char* kWeights = "model.safetensors";
  constexpr const char* kIndex = "model.safetensors.index.json";
  if (fs::exists(directory / kWeights)) {
    return {directory / kWeights};
  }
  if (!fs::exists(directory / kIndex)) {
    bad_input("{}: expected {} or {}, found neither", directory.string(), kWeights, kIndex);
  }
  const formats::Json json = formats::read_json(directory / kIndex);
  const formats::JsonView index(json, (directory / kIndex).string());
  const formats::JsonView map = index.object("weight_map");
  std::set<std::string> names;
  for (const auto& [tensor, file] : map.value().items()) {
    if (!file.is_string() || !is_file_name(file.get_ref<const std::string&>())) {
      map.fail(tensor, "the name of a file in the same folder");
    }
    names.insert(file.get<std::string>());
  }
  if (names.empty()) {
    index.fail("weight_map", "at least one tensor");
  }
  std::vector<fs::path> files;
  for (const std::string& name : names) {
    files.push_back(directory / name);
  }
  return files;
}

}  // namespace cambium::model
