#include "cambium/data/prepare.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <map>

#include "cambium/base/error.h"
#include "cambium/data/dataset.h"
#include "cambium/data/input_files.h"
#include "tests/data/test_support.h"

namespace cambium::data {
namespace {

namespace fs = std::filesystem;

std::string zstd_packed(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

void write_gzip(const fs::path& path, const std::string& text) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
}

class PrepareTest : public testing::Test {
 protected:
  PrepareOptions options(const std::string& out, std::vector<fs::path> inputs) {
    PrepareOptions result;
    result.inputs = std::move(inputs);
    result.out = folder_ / out;
    result.workers = 2;
    return result;
  }
  std::vector<std::string> documents(const fs::path& set, const std::string& split = "train") {
    const auto dataset = TokenDataset::open(set, split);
    std::vector<std::string> texts;
    for (int64_t i = 0; i < dataset.num_documents(); ++i) {
      const auto [begin, end] = dataset.document_range(i);
      std::vector<int32_t> ids(static_cast<size_t>(end - begin));
      dataset.read(begin, ids);
      EXPECT_EQ(ids.back(), 256);
      ids.pop_back();
      texts.push_back(tokenizer_.decode(ids));
    }
    return texts;
  }
  std::string refused(const std::string& file, const std::string& content, bool skip = false) {
    write_text(folder_ / file, content);
    auto chosen = options("refused", {folder_ / file});
    chosen.skip_bad_lines = skip;
    const std::string message = refusal([&] { prepare(tokenizer_, chosen); });
    EXPECT_FALSE(fs::exists(folder_ / "refused"));
    EXPECT_FALSE(fs::exists(folder_ / ".refused.partial"));
    return message;
  }

  TemporaryFolder folder_;
  text::Tokenizer tokenizer_ = byte_tokenizer();
};

TEST_F(PrepareTest, TakesEveryKindOfFileInTheOrderOfPaths) {
  write_text(folder_ / "in/a.txt", "plain\ntext\n");
  write_text(folder_ / "in/b.jsonl",
             "{\"text\": \"one\", \"n\": 1}\n\n{\"text\": \"zw\\u00f6lf\"}\r\n{\"text\": \"\"}\n");
  write_gzip(folder_ / "in/c.txt.gz", "from gzip");
  write_text(folder_ / "in/sub/d.json.zst", zstd_packed("{\"text\": \"from zstd\"}"));
  write_text(folder_ / "in/sub/e.MD", "# title");
  write_text(folder_ / "in/sub/notes.py", "print()");
  write_text(folder_ / "in/.git/f.txt", "hidden");
  const Manifest manifest = prepare(tokenizer_, options("set", {folder_ / "in"}));
  EXPECT_EQ(documents(folder_ / "set"),
            (std::vector<std::string>{"plain\ntext\n", "one", "zwölf", "from gzip", "from zstd", "# title"}));
  ASSERT_EQ(manifest.inputs.size(), 5u);
  EXPECT_EQ(manifest.inputs[1].documents, 2);
  EXPECT_EQ(manifest.inputs[1].empty_documents, 1);
  EXPECT_EQ(manifest.split("train", "").text_bytes, 11 + 3 + 6 + 9 + 9 + 7);
  EXPECT_EQ(refusal([&] { verify_dataset(folder_ / "set"); }), "");
}

TEST_F(PrepareTest, TheResultDoesNotDependOnTheNumberOfWorkers) {
  std::string lines;
  for (int i = 0; i < 30000; ++i)
    lines +=
        "{\"text\": \"document number " + std::to_string(i) + std::string(static_cast<size_t>(i % 97), 'x') + "\"}\n";
  write_text(folder_ / "in.jsonl", lines);
  for (int workers : {1, 3, 8}) {
    auto chosen = options("set" + std::to_string(workers), {folder_ / "in.jsonl"});
    chosen.workers = workers;
    chosen.val_fraction = 0.1;
    chosen.shard_tokens = 300000;
    prepare(tokenizer_, chosen);
  }
  int files = 0;
  for (const auto& entry : fs::directory_iterator(folder_ / "set1")) {
    const std::string name = entry.path().filename();
    for (const char* other : {"set3", "set8"})
      EXPECT_EQ(read_text(entry.path()), read_text(folder_ / other / name)) << name;
    ++files;
  }
  EXPECT_GT(files, 10);
}

TEST_F(PrepareTest, HoldsDocumentsOutByTheirContent) {
  std::vector<std::string> lines;
  for (int i = 0; i < 2000; ++i) lines.push_back("{\"text\": \"document " + std::to_string(i) + "\"}\n");
  const auto held_out = [&](const std::string& name, uint64_t seed) {
    std::string content;
    for (const auto& line : lines) content += line;
    write_text(folder_ / (name + ".jsonl"), content);
    auto chosen = options(name, {folder_ / (name + ".jsonl")});
    chosen.val_fraction = 0.1;
    chosen.seed = seed;
    prepare(tokenizer_, chosen);
    auto texts = documents(folder_ / name, "val");
    EXPECT_EQ(texts.size() + documents(folder_ / name).size(), lines.size());
    std::sort(texts.begin(), texts.end());
    return texts;
  };
  const auto first = held_out("first", 1);
  EXPECT_GT(first.size(), 150u);
  EXPECT_LT(first.size(), 250u);
  EXPECT_NE(held_out("other", 2), first);
  std::reverse(lines.begin(), lines.end());
  EXPECT_EQ(held_out("reversed", 1), first);
}

TEST_F(PrepareTest, HoldsNothingOutOfSmallInputsUnlessAsked) {
  write_text(folder_ / "in.txt", "one text");
  EXPECT_EQ(prepare(tokenizer_, options("set", {folder_ / "in.txt"})).splits.size(), 1u);
  auto all = options("none", {folder_ / "in.txt"});
  all.val_fraction = 0.999999;
  EXPECT_NE(refusal([&] { prepare(tokenizer_, all); }).find("held out"), std::string::npos);
  all.val_fraction = 1.5;
  EXPECT_NE(refusal([&] { prepare(tokenizer_, all); }).find("--val-fraction 1.5"), std::string::npos);
}

TEST_F(PrepareTest, NamesFileAndLineOfBadJson) {
  const std::string file = (folder_ / "bad.jsonl").string();
  EXPECT_NE(refused("bad.jsonl", "{\"text\": \"a\"}\n{\"text\": \n").find(file + ":2"), std::string::npos);
  EXPECT_NE(refused("bad.jsonl", "{\"text\": \"a\"}\n\n[1]\n").find(file + ":3: expected an object"),
            std::string::npos);
  EXPECT_NE(refused("bad.jsonl", "{\"body\": \"a\", \"id\": 1}\n").find(file + ":1: no key `text`"), std::string::npos);
  EXPECT_NE(refused("bad.jsonl", "{\"body\": \"a\", \"id\": 1}\n").find("found: body, id"), std::string::npos);
  EXPECT_NE(refused("bad.jsonl", "{\"text\": 5}\n").find(":1: key `text`: expected a string, found number"),
            std::string::npos);
  EXPECT_NE(refused("bad.jsonl", "{\"text\": \"\xff\"}\n").find(file + ":1"), std::string::npos);
  EXPECT_NE(refused("bad.txt", "good \xc3\x28 bad").find("bad.txt: byte offset 5: invalid UTF-8"), std::string::npos);
}

TEST_F(PrepareTest, ReportsTheFirstBadLineWhateverTheThreadsDo) {
  std::string lines;
  for (int i = 0; i < 100000; ++i) lines += i % 30000 == 29999 ? "bad\n" : "{\"text\": \"good line of some length\"}\n";
  EXPECT_NE(refused("bad.jsonl", lines).find("bad.jsonl:30000"), std::string::npos);
}

TEST_F(PrepareTest, SkipsAndCountsBadLinesWhenAsked) {
  write_text(folder_ / "in.jsonl", "{\"text\": \"a\"}\nnonsense\n{\"text\": 5}\n{\"text\": \"b\"}\n{}\n");
  auto chosen = options("set", {folder_ / "in.jsonl"});
  chosen.skip_bad_lines = true;
  EXPECT_EQ(prepare(tokenizer_, chosen).inputs[0].bad_lines, 3);
  EXPECT_EQ(documents(folder_ / "set"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read_manifest(folder_ / "set").inputs[0].bad_lines, 3);
}

TEST_F(PrepareTest, LeavesOutCopiesWhenAsked) {
  write_text(folder_ / "a.jsonl", "{\"text\": \"one\"}\n{\"text\": \"two\"}\n{\"text\": \"one\", \"n\": 2}\n");
  write_text(folder_ / "b.jsonl", "{\"text\": \"two\"}\n{\"text\": \"two \"}\n");
  auto chosen = options("set", {folder_ / "[ab].jsonl"});
  chosen.dedup = true;
  const Manifest manifest = prepare(tokenizer_, chosen);
  EXPECT_EQ(documents(folder_ / "set"), (std::vector<std::string>{"one", "two", "two "}));
  EXPECT_EQ(manifest.inputs[0].duplicate_documents, 1);
  EXPECT_EQ(read_manifest(folder_ / "set").inputs[1].duplicate_documents, 1);
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(".")) << entry.path();
  }
}

TEST_F(PrepareTest, TakesRowsOfParquet) {
  const fs::path file = fs::path(CAMBIUM_GOLDEN_DIR) / "parquet/documents.parquet";
  auto chosen = options("set", {file});
  Manifest manifest;
  try {
    manifest = prepare(tokenizer_, chosen);
  } catch (const InvalidInput& error) {
    if (std::string(error.what()).find("this program cannot read Parquet") == std::string::npos) throw;
    GTEST_SKIP() << error.what();
  }
  EXPECT_EQ(manifest.inputs[0].documents, 86);
  EXPECT_EQ(manifest.inputs[0].empty_documents, 14);
  EXPECT_EQ(documents(folder_ / "set")[1], "document 1: text ");
  chosen = options("both", {file});
  chosen.text = TextTemplate::parse("{title}: {meta.url}");
  prepare(tokenizer_, chosen);
  EXPECT_EQ(documents(folder_ / "both")[1], "Ants: https://example.org/1");
  chosen.text = TextTemplate::field("score");
  chosen.out = folder_ / "refused";
  EXPECT_NE(refusal([&] { prepare(tokenizer_, chosen); }).find("column `score`: expected text"), std::string::npos);
}

TEST_F(PrepareTest, RefusesInputWithoutText) {
  EXPECT_NE(refused("empty.txt", "").find("no text"), std::string::npos);
  EXPECT_NE(refused("empty.jsonl", "\n\n").find("no text"), std::string::npos);
  EXPECT_NE(refused("only.jsonl", "bad\n", true).find("no text"), std::string::npos);
  EXPECT_NE(refused("program.py", "x = 1").find("unknown kind of file"), std::string::npos);
  EXPECT_NE(refusal([&] { find_inputs({folder_ / "nowhere"}); }).find("no such file"), std::string::npos);
  fs::create_directories(folder_ / "hollow");
  EXPECT_NE(refusal([&] { find_inputs({folder_ / "hollow"}); }).find("no text in this folder"), std::string::npos);
}

TEST_F(PrepareTest, AsksForAnEndOfTextToken) {
  const auto without = byte_tokenizer(257, false);
  write_text(folder_ / "in.txt", "one text");
  auto chosen = options("set", {folder_ / "in.txt"});
  EXPECT_NE(refusal([&] { prepare(without, chosen); }).find("--end-of-text TOKEN"), std::string::npos);
  chosen.end_of_text = "<nothing>";
  EXPECT_NE(refusal([&] { prepare(without, chosen); }).find("no such token"), std::string::npos);
  chosen.end_of_text = "!";
  EXPECT_EQ(prepare(without, chosen).end_of_text, '!');
}

}  // namespace
}  // namespace cambium::data
