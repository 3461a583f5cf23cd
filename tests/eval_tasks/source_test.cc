#include "cambium/eval/tasks/source.h"

#include "tests/support/folder.h"
#include "tests/support/refusal.h"

namespace cambium::eval {
namespace {

class Sources : public Folder {
 protected:
  std::vector<Document> read_as(const std::string& form, const std::string& content) const {
    Source source;
    source.form = form;
    source.file = "items";
    source.items = form == "xml" ? "item" : "";
    write("items", content);
    return read_source(source, folder_, std::nullopt);
  }
};

TEST_F(Sources, FlattenTheQuestionsOfSquad) {
  const auto documents = read_as("squad", R"({"data": [{"title": "t", "paragraphs": [{"context": "c", "qas": [
      {"question": "q"}, {"id": "2", "question": "r"}]}]}, {"paragraphs": []}]})");
  ASSERT_EQ(documents.size(), 2u);
  EXPECT_EQ(documents[1].value, (formats::Json{{"title", "t"}, {"context", "c"}, {"id", "2"}, {"question", "r"}}));
}

TEST_F(Sources, RefuseOtherShapesOfSquad) {
  EXPECT_REFUSAL(read_as("squad", R"({"data": {"a": 1}})"), "items", "`data`", "a list of articles");
  EXPECT_REFUSAL(read_as("squad", R"({"data": [3]})"), "items", "object");
  EXPECT_REFUSAL(
      read_as("squad", R"({"data": [{"title": 3, "paragraphs": [{"context": "c", "qas": [{"id": "1"}]}]}]})"), "items",
      "`title`", "a string");
  EXPECT_REFUSAL(read_as("squad", R"({"data": [{"paragraphs": [{"context": "c", "qas": [{"id": 1}]}]}]})"), "items",
                 "`id`");
  EXPECT_REFUSAL(read_as("squad", R"({"data": [{"paragraphs": [{"context": "c", "qas": ["q"]}]}]})"), "items",
                 "object");
}

TEST_F(Sources, RefuseAnEmptySet) { EXPECT_REFUSAL(read_as("jsonl", "\n"), "items", "at least one item"); }

}  // namespace
}  // namespace cambium::eval
