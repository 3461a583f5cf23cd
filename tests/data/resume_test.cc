// What a preparation leaves for the next process, and how that goes on.
#include <gtest/gtest.h>

#include <algorithm>

#include "cambium/base/error.h"
#include "cambium/data/dataset.h"
#include "cambium/data/document_reader.h"
#include "cambium/data/seen_documents.h"
#include "cambium/data/text_template.h"
#include "tests/data/test_support.h"

namespace cambium::data {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> contents(const fs::path& folder) {
  std::vector<std::string> all;
  for (const auto& entry : fs::directory_iterator(folder)) {
    all.push_back(entry.path().filename().string() + "\n" + read_text(entry.path()));
  }
  std::sort(all.begin(), all.end());
  return all;
}

TEST(DatasetWriter, GoesOnWhereAnEarlierOneSaved) {
  const TemporaryFolder folder;
  const auto tokenizer = byte_tokenizer();
  const auto add = [](DatasetWriter& writer, int first, int last) {
    for (int i = first; i < last; ++i) {
      const std::vector<int32_t> ids(static_cast<size_t>(i % 7 + 1), i % 256);
      writer.add(i % 5 == 3 ? "val" : "train", ids, std::ssize(ids));
    }
  };
  DatasetWriter whole(folder / "whole", tokenizer, 256, false, 50);
  add(whole, 0, 100);
  whole.commit({}, formats::Json::object());
  for (const int stop : {1, 3, 4, 37, 99}) {
    const fs::path target = folder / ("set" + std::to_string(stop));
    formats::Json saved;
    {
      DatasetWriter first(target, tokenizer, 256, false, 50);
      add(first, 0, stop);
      saved = first.save();
      add(first, stop, stop + 30);  // written, but not saved
      first.keep();
    }
    DatasetWriter second(target, tokenizer, 256, false, 50, saved);
    add(second, stop, 100);
    second.commit({}, formats::Json::object());
    EXPECT_TRUE(contents(target) == contents(folder / "whole")) << stop;
  }
}

TEST(DatasetWriter, RefusesToGoOnWithoutItsFiles) {
  const TemporaryFolder folder;
  const auto tokenizer = byte_tokenizer();
  formats::Json saved;
  {
    DatasetWriter first(folder / "set", tokenizer, 256);
    first.add("train", std::vector<int32_t>{1, 2, 3}, 3);
    saved = first.save();
  }
  EXPECT_NE(refusal([&] {
              DatasetWriter(folder / "set", tokenizer, 256, false, kShardTokens, saved);
            }).find("train-tokens-00000.bin: expected at least 8 bytes"),
            std::string::npos);
}

TEST(SeenDocuments, KnowsWhatCameByAlsoInTheNextProcess) {
  const TemporaryFolder folder;
  const fs::path path = folder / "seen";
  int64_t known = 0;
  {
    SeenDocuments seen(path);
    for (int i = 0; i < 100000; ++i) EXPECT_TRUE(seen.insert(document_key("text " + std::to_string(i))));
    for (int i = 0; i < 100000; i += 17) EXPECT_FALSE(seen.insert(document_key("text " + std::to_string(i))));
    known = seen.save();
    seen.insert(document_key("not saved"));
  }
  EXPECT_EQ(known, 100000);
  SeenDocuments seen(path, known);
  EXPECT_FALSE(seen.insert(document_key("text 99999")));
  EXPECT_TRUE(seen.insert(document_key("not saved")));
  EXPECT_EQ(seen.save(), known + 1);
  EXPECT_NE(refusal([&] { SeenDocuments(folder / "other", 1); }).find("expected 1 documents"), std::string::npos);
}

TEST(DocumentReader, GoesOnBehindAnyBatch) {
  const TemporaryFolder folder;
  std::string lines;
  for (int i = 0; i < 60000; ++i) lines += "{\"text\": \"document number " + std::to_string(i) + "\"}\r\n";
  write_text(folder / "a.jsonl", lines + "{\"text\": \"no line end\"}");
  write_text(folder / "b.txt", "a text");
  write_text(folder / "c.jsonl", lines);
  const std::vector<InputFile> files = find_inputs({folder / "*.jsonl", folder / "b.txt"}).files;
  ASSERT_EQ(files.size(), 3u);
  std::vector<DocumentBatch> batches;
  const TextTemplate text = TextTemplate::field("text");
  DocumentReader reader(files, text);
  for (DocumentBatch batch; reader.next(batch);) batches.push_back(batch);
  EXPECT_EQ(reader.consumed(), files[0].bytes + files[1].bytes + files[2].bytes);
  ASSERT_GE(batches.size(), 5u);
  for (size_t i = 0; i < batches.size(); ++i) {
    DocumentReader rest(files, text, batches[i].behind);
    DocumentBatch batch;
    for (size_t j = i + 1; j < batches.size(); ++j) {
      ASSERT_TRUE(rest.next(batch));
      EXPECT_EQ(batch.entries, batches[j].entries);
      EXPECT_EQ(batch.first_line, batches[j].first_line);
      EXPECT_EQ(batch.file, batches[j].file);
    }
    EXPECT_FALSE(rest.next(batch));
  }
}

TEST(TextTemplate, MakesATextOfSeveralFields) {
  const auto record = formats::parse_json(R"({"title": "On Ants", "text": "Many.", "n": 3, "none": null})", "test");
  const auto made = [&](const char* text) { return TextTemplate::parse(text).from_json(record, "line"); };
  EXPECT_EQ(made("{title}\\n{text}"), "On Ants\nMany.");
  EXPECT_EQ(made("# {title} ({n}{none})\t{{{text}}}\\\\"), "# On Ants (3)\t{Many.}\\");
  EXPECT_EQ(TextTemplate::parse("{a} {b} {a}").fields(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(TextTemplate::parse("{a}-{b}").from_row(std::vector<std::optional<std::string_view>>{"x", {}}), "x-");
  EXPECT_NE(refusal([&] { made("{title} {body}"); }).find("line: no key `body`"), std::string::npos);
  for (const char* wrong : {"no field", "{title", "{}", "a } b", "{a{b}}"}) {
    EXPECT_NE(refusal([&] { TextTemplate::parse(wrong); }).find("--text-template"), std::string::npos) << wrong;
  }
}

}  // namespace
}  // namespace cambium::data
