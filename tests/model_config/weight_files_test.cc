#include "cambium/model/config/weight_files.h"

#include "cambium/base/error.h"
#include "tests/support/folder.h"
#include "tests/support/refusal.h"

namespace cambium::model {
namespace {

using Paths = std::vector<std::filesystem::path>;

class WeightFiles : public Folder {
 protected:
  void index(std::string_view content) const { write("model.safetensors.index.json", content); }
};

TEST_F(WeightFiles, OneFileBeforeAnIndex) {
  index("damaged");
  write("model.safetensors", "");
  EXPECT_EQ(weight_files(folder_), Paths{folder_ / "model.safetensors"});
}

TEST_F(WeightFiles, ThoseOfTheIndexOnceEach) {
  index(R"({"metadata": {}, "weight_map": {"c": "2.safetensors", "a": "1.safetensors", "b": "2.safetensors"}})");
  EXPECT_EQ(weight_files(folder_), (Paths{folder_ / "1.safetensors", folder_ / "2.safetensors"}));
}

TEST_F(WeightFiles, NothingOutsideTheFolder) {
  for (const char* name : {"../x.safetensors", "/etc/passwd", "a/b", "..", "", ".hidden", "a\\u0000b"}) {
    index(format(R"({{"weight_map": {{"norm": "{}"}}}})", name));
    EXPECT_REFUSAL(weight_files(folder_), "model.safetensors.index.json", "key `weight_map.norm`",
                   "in the same folder");
  }
  index(R"({"weight_map": {"norm": 7}})");
  EXPECT_REFUSAL(weight_files(folder_), "key `weight_map.norm`", "found 7");
}

TEST_F(WeightFiles, SaysWhatIsMissing) {
  EXPECT_REFUSAL(weight_files(folder_), "expected model.safetensors or model.safetensors.index.json, found neither");
  for (const char* content : {"[]", "{}", R"({"weight_map": []})", R"({"weight_map": {}})"}) {
    index(content);
    EXPECT_REFUSAL(weight_files(folder_), "model.safetensors.index.json", content[0] == '[' ? "object" : "weight_map");
  }
}

}  // namespace
}  // namespace cambium::model
