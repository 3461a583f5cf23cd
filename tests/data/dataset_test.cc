#include "cambium/data/dataset.h"

#include <gtest/gtest.h>

#include "cambium/base/error.h"
#include "cambium/formats/json.h"
#include "tests/data/test_support.h"

namespace cambium::data {
namespace {

namespace fs = std::filesystem;

class DatasetTest : public testing::Test {
 protected:
  /// Five documents of 8 tokens, two a shard.
  void SetUp() override { write_numbers(set_, 5, 8, 16); }

  void edit_manifest(const std::function<void(formats::Json&)>& edit) {
    auto json = formats::Json::parse(read_text(set_ / kManifestFile));
    edit(json);
    write_text(set_ / kManifestFile, json.dump());
  }
  std::string opening() const {
    return refusal([&] { TokenDataset::open(set_); });
  }

  TemporaryFolder folder_;
  fs::path set_ = folder_ / "set";
};

TEST_F(DatasetTest, ReadsBackWhatWasWrittenAcrossShards) {
  const auto dataset = TokenDataset::open(set_);
  EXPECT_EQ(dataset.num_tokens(), 40);
  EXPECT_EQ(dataset.num_documents(), 5);
  EXPECT_EQ(dataset.text_bytes(), 35);
  EXPECT_EQ(dataset.vocab_size(), 257);
  EXPECT_EQ(dataset.end_of_text(), 256);
  EXPECT_TRUE(fs::exists(set_ / "train-tokens-00002.bin"));
  std::vector<int32_t> all(40), expected;
  dataset.read(0, all);
  for (int i = 0, next = 0; i < 40; ++i) expected.push_back(i % 8 == 7 ? 256 : next++);
  EXPECT_EQ(all, expected);
  for (int64_t begin = 0; begin < 40; ++begin) {
    std::vector<int32_t> part(static_cast<size_t>(40 - begin) / 2);
    dataset.read(begin, part);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), expected.begin() + begin));
  }
  for (int64_t i = 0; i < 5; ++i) EXPECT_EQ(dataset.document_range(i), std::pair(i * 8, i * 8 + 8));
}

TEST_F(DatasetTest, CountsWholeWindows) {
  const auto dataset = TokenDataset::open(set_);
  EXPECT_EQ(dataset.num_windows(40), 0);
  EXPECT_EQ(dataset.num_windows(39), 1);
  EXPECT_EQ(dataset.num_windows(13), 3);
  EXPECT_EQ(dataset.num_windows(14), 2);
}

TEST_F(DatasetTest, TheTokenizerLiesBesideTheTokens) {
  const auto tokenizer = text::Tokenizer::load(set_);
  EXPECT_EQ(tokenizer.hash(), TokenDataset::open(set_).tokenizer_hash());
}

TEST_F(DatasetTest, LargeVocabulariesTakeFourBytes) {
  const auto tokenizer = byte_tokenizer(65537);
  DatasetWriter writer(folder_ / "wide", tokenizer, 65536);
  writer.add("train", std::vector<int32_t>{65535, 7}, 2);
  EXPECT_EQ(writer.commit({}, {}).token_bytes, 4);
  std::vector<int32_t> ids(3);
  TokenDataset::open(folder_ / "wide").read(0, ids);
  EXPECT_EQ(ids, (std::vector<int32_t>{65535, 7, 65536}));
  EXPECT_EQ(token_bytes_for(65536), 2);
}

TEST_F(DatasetTest, RefusesRangesOutsideTheStream) {
  const auto dataset = TokenDataset::open(set_);
  std::vector<int32_t> out(8);
  EXPECT_THROW(dataset.read(33, out), InvalidArgument);
  EXPECT_THROW(dataset.read(-1, out), InvalidArgument);
  EXPECT_THROW(dataset.document_range(5), InvalidArgument);
}

TEST_F(DatasetTest, RefusesFilesOfTheWrongLength) {
  fs::resize_file(set_ / "train-tokens-00001.bin", 30);
  EXPECT_NE(opening().find("train-tokens-00001.bin: expected 32 bytes, found 30"), std::string::npos) << opening();
  fs::remove(set_ / "train-tokens-00001.bin");
  EXPECT_NE(opening().find("train-tokens-00001.bin"), std::string::npos);
}

TEST_F(DatasetTest, RefusesManifestsThatLie) {
  const std::string good = read_text(set_ / kManifestFile);
  const auto refused = [&](const std::function<void(formats::Json&)>& edit) {
    write_text(set_ / kManifestFile, good);
    edit_manifest(edit);
    return opening();
  };
  using Json = formats::Json;
  EXPECT_NE(refused([](Json& m) { m["version"] = 2; }).find("version"), std::string::npos);
  EXPECT_NE(refused([](Json& m) { m["format"] = "zip"; }).find("format"), std::string::npos);
  EXPECT_NE(refused([](Json& m) { m["token_bytes"] = 4; }).find("token_bytes"), std::string::npos);
  EXPECT_NE(refused([](Json& m) { m["end_of_text"] = 257; }).find("end_of_text"), std::string::npos);
  EXPECT_NE(refused([](Json& m) { m["splits"]["train"]["tokens"] = 41; }).find("tokens"), std::string::npos);
  EXPECT_NE(refused([](Json& m) { m["splits"]["train"]["documents"] = -1; }).find("documents"), std::string::npos);
  EXPECT_NE(refused([](Json& m) { m["splits"]["train"]["shards"][0]["tokens"] = int64_t{1} << 55; }).find("bytes"),
            std::string::npos);
  EXPECT_NE(refused([](Json& m) { m["splits"]["train"]["shards"][0]["documents"] = 17; }).find("documents"),
            std::string::npos);
  EXPECT_NE(refused([](Json& m) { m["splits"]["train"]["shards"] = "many"; }).find("shards"), std::string::npos);
  for (const char* name : {"../secret", "/etc/passwd", "", ".."}) {
    EXPECT_NE(refused([&](Json& m) { m["splits"]["train"]["shards"][0]["file"] = name; }).find("file"),
              std::string::npos)
        << name;
  }
  EXPECT_EQ(refused([](Json&) {}), "");
}

TEST_F(DatasetTest, RefusesIdsOutsideTheVocabulary) {
  std::string bytes = read_text(set_ / "train-tokens-00001.bin");
  bytes[6] = bytes[7] = '\xff';
  write_text(set_ / "train-tokens-00001.bin", bytes);
  const auto dataset = TokenDataset::open(set_);
  std::vector<int32_t> all(40);
  EXPECT_EQ(refusal([&] { dataset.read(0, all); }),
            (set_ / "train-tokens-00001.bin").string() +
                ": byte offset 6: token 65535: expected less than the vocabulary's 257");
}

TEST_F(DatasetTest, VerifyingFindsAFlippedBit) {
  EXPECT_EQ(refusal([&] { verify_dataset(set_); }), "");
  for (const char* file : {"train-tokens-00000.bin", "train-documents-00001.bin", "tokenizer.json"}) {
    std::string bytes = read_text(set_ / file);
    bytes[0] ^= 1;
    write_text(set_ / file, bytes);
    EXPECT_NE(refusal([&] { verify_dataset(set_); }).find(file), std::string::npos);
    bytes[0] ^= 1;
    write_text(set_ / file, bytes);
  }
}

TEST_F(DatasetTest, NamesTheSplitsThereAre) {
  EXPECT_NE(refusal([&] { TokenDataset::open(set_, "val"); }).find("no split `val`: expected one of train"),
            std::string::npos);
  EXPECT_NE(refusal([&] { TokenDataset::open(folder_.path()); }).find("manifest.json"), std::string::npos);
}

TEST_F(DatasetTest, LeavesNothingBehindWithoutCommit) {
  const auto tokenizer = byte_tokenizer();
  {
    DatasetWriter writer(folder_ / "half", tokenizer, 256);
    writer.add("train", std::vector<int32_t>{1, 2}, 2);
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1);
  DatasetWriter empty(folder_ / "half", tokenizer, 256);
  EXPECT_NE(refusal([&] { empty.commit({}, {}); }).find("no text"), std::string::npos);
}

TEST_F(DatasetTest, ReplacesDatasetsOnlyAndOnlyWhenAsked) {
  const auto tokenizer = byte_tokenizer();
  EXPECT_NE(refusal([&] { DatasetWriter(set_, tokenizer, 256); }).find("already exists"), std::string::npos);
  write_text(folder_ / "home/diary.txt", "dear diary");
  EXPECT_NE(refusal([&] { DatasetWriter(folder_ / "home", tokenizer, 256, true); }).find("no token dataset"),
            std::string::npos);
  DatasetWriter writer(set_, tokenizer, 256, true);
  writer.add("train", std::vector<int32_t>{1, 2}, 2);
  writer.commit({}, {});
  EXPECT_EQ(TokenDataset::open(set_).num_tokens(), 3);
  EXPECT_EQ(read_text(folder_ / "home/diary.txt"), "dear diary");
}

}  // namespace
}  // namespace cambium::data
