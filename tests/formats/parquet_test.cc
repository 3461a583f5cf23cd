#include "cambium/formats/parquet.h"

#include <gtest/gtest.h>

#include <fstream>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "tests/support/folder.h"
#include "tests/support/refusal.h"

namespace cambium::formats {
namespace {

namespace fs = std::filesystem;
const fs::path kGoldens = fs::path(CAMBIUM_GOLDEN_DIR) / "parquet";

class Parquet : public Folder {
 protected:
  void SetUp() override {
    try {
      open_parquet(kGoldens / "plain.parquet", {"text"});
    } catch (const InvalidInput& error) {
      if (std::string(error.what()).find("this program cannot read Parquet") == std::string::npos) throw;
      GTEST_SKIP() << error.what();
    }
  }

  static std::string text_of(int i) {
    std::string text = "document " + std::to_string(i) + ": ";
    for (int word = 0; word < i % 11; ++word) text += "text ";
    return text;
  }
};

TEST_F(Parquet, GivesEveryRowOfEveryGroup) {
  for (const int64_t at_once : {1, 7, 64, 1000}) {
    const auto reader = open_parquet(kGoldens / "documents.parquet", {"title", "text", "meta.url", "large"});
    EXPECT_EQ(reader->num_rows(), 100);
    ParquetRows rows;
    int i = 0;
    while (reader->next(rows, at_once)) {
      ASSERT_LE(rows.count, at_once);
      for (int64_t row = 0; row < rows.count; ++row, ++i) {
        const auto* values = rows.values.data() + row * 4;
        EXPECT_EQ(values[0], i % 2 != 0 ? "Ants" : "Bées");
        EXPECT_EQ(values[1], i % 7 == 3 ? std::nullopt : std::optional(text_of(i)));
        EXPECT_EQ(values[2], i % 5 == 0 ? std::nullopt : std::optional("https://example.org/" + std::to_string(i)));
        EXPECT_EQ(values[3], "large " + std::to_string(i));
      }
    }
    EXPECT_EQ(i, 100);
  }
}

TEST_F(Parquet, SkipsRows) {
  for (const int skipped : {0, 1, 29, 30, 31, 95, 100}) {
    const auto reader = open_parquet(kGoldens / "documents.parquet", {"large"});
    reader->skip(skipped);
    ParquetRows rows;
    int i = skipped;
    while (reader->next(rows, 13)) {
      for (const auto& value : rows.values) EXPECT_EQ(value, "large " + std::to_string(i++));
    }
    EXPECT_EQ(i, 100);
  }
}

TEST_F(Parquet, RefusesColumnsByName) {
  const fs::path file = kGoldens / "documents.parquet";
  EXPECT_REFUSAL(open_parquet(file, {"body"}), "documents.parquet: no column `body`", "found: text, title, score");
  EXPECT_REFUSAL(open_parquet(file, {"score"}), "column `score`: expected text, found INT64");
  EXPECT_REFUSAL(open_parquet(file, {"words"}), "column `words` holds lists");
  EXPECT_REFUSAL(open_parquet(file, {"meta"}), "no column `meta`", "meta.url");
}

/// All rows of a file, or the refusal.
std::string read_all(const fs::path& path, const std::vector<std::string>& columns) {
  try {
    const auto reader = open_parquet(path, columns);
    ParquetRows rows;
    while (reader->next(rows, 1000)) {
    }
    return "";
  } catch (const InvalidInput& error) {
    return error.what();
  }
}

TEST_F(Parquet, TruncatedAndFlippedFilesAreRefused) {
  for (const char* name : {"documents.parquet", "plain.parquet"}) {
    const std::string whole = read_file(kGoldens / name);
    for (size_t size = 0; size < whole.size(); size += 97) {
      const std::string message = read_all(write("cut.parquet", whole.substr(0, size)), {"text"});
      EXPECT_NE(message.find("cut.parquet: "), std::string::npos) << size;
    }
    int refused = 0, tried = 0;
    for (size_t at = 4; at < whole.size() / 2; at += 31, ++tried) {  // pages; whatever is read must not crash
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
      const std::string message = read_all(write("flipped.parquet", flipped), {"text"});
      refused += message.empty() ? 0 : 1;
      EXPECT_TRUE(message.empty() || message.find("flipped.parquet: ") != std::string::npos) << message;
    }
    if (std::string_view(name) == "plain.parquet") {
      EXPECT_GE(refused, tried * 9 / 10);  // a checksum stands before every page
    }
    for (size_t at = whole.size() / 2; at < whole.size(); at += 7) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
      read_all(write("flipped.parquet", flipped), {"text"});
    }
  }
}

}  // namespace
}  // namespace cambium::formats
