#include "cambium/train/record/manifest.h"

#include "tests/support/folder.h"

namespace cambium::train {
namespace {

class Manifest : public Folder {
 protected:
  void SetUp() override {
    Folder::SetUp();
    write("config.json", "{}");
    write("model.safetensors", "weights");
    write("notes.txt", "");
    write_manifest(folder_);
  }
  std::string wrong(bool hashes = true) const { return check_manifest(folder_, hashes); }
  void expect_wrong(const std::string& words, bool hashes = true) const {
    EXPECT_NE(wrong(hashes).find(words), std::string::npos) << wrong(hashes);
  }
};

TEST_F(Manifest, AcceptsWhatItWasWrittenFor) {
  EXPECT_EQ(wrong(), "");
  EXPECT_EQ(wrong(/*hashes=*/false), "");
  EXPECT_NE(read("manifest.json").find("notes.txt"), std::string::npos);
}

TEST_F(Manifest, SeesAChangedFileByItsHash) {
  write("model.safetensors", "wEights");
  EXPECT_EQ(wrong(/*hashes=*/false), "");
  expect_wrong("model.safetensors");
}

TEST_F(Manifest, SeesAnotherSizeWithoutHashes) {
  write("model.safetensors", "weight");
  expect_wrong("expected 7 bytes, found 6", /*hashes=*/false);
}

TEST_F(Manifest, SeesAMissingFile) {
  std::filesystem::remove(folder_ / "notes.txt");
  expect_wrong("notes.txt: missing", /*hashes=*/false);
}

TEST_F(Manifest, DoesNotFollowLinks) {
  std::filesystem::rename(folder_ / "model.safetensors", folder_ / "elsewhere");
  std::filesystem::create_symlink("elsewhere", folder_ / "model.safetensors");
  expect_wrong("model.safetensors: missing");
}

TEST_F(Manifest, MustBeThere) {
  std::filesystem::remove(folder_ / "manifest.json");
  expect_wrong("manifest.json: missing");
}

TEST_F(Manifest, MustListWhatMakesACheckpoint) {
  write("manifest.json", R"({"format": "cambium-checkpoint", "version": 1, "files": []})");
  expect_wrong("config.json");
  write_manifest(folder_);
  write("optimizer.safetensors", "moments");
  expect_wrong("does not list optimizer.safetensors");
}

TEST_F(Manifest, MustMakeSense) {
  const std::string whole = read("manifest.json");
  for (
      const std::string& content : std::initializer_list<std::string>{
          "", "[]", "{}", R"({"format": "other", "version": 1, "files": []})",
          R"({"format": "cambium-checkpoint", "version": 2, "files": []})",
          R"({"format": "cambium-checkpoint", "version": 1, "files": 3})",
          R"({"format": "cambium-checkpoint", "version": 1, "files": [3]})",
          R"({"format": "cambium-checkpoint", "version": 1, "files": [{"name": "config.json"}]})",
          R"({"format": "cambium-checkpoint", "version": 1, "files": [{"name": "../config.json", "bytes": 2, "xxh3_128": ""}]})",
          R"({"format": "cambium-checkpoint", "version": 1, "files": [{"name": "config.json", "bytes": -2, "xxh3_128": ""}]})",
          whole.substr(0, whole.size() / 2)}) {
    write("manifest.json", content);
    expect_wrong("manifest.json");
  }
}

}  // namespace
}  // namespace cambium::train
