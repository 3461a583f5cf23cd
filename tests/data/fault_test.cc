// Preparing a dataset on a disk that fails: the same command goes on, and the result is that of an undisturbed one.
#include <gtest/gtest.h>

#include <map>

#include "cambium/data/prepare.h"
#include "tests/data/test_support.h"
#include "tests/support/fault_walk.h"

namespace cambium::data {
namespace fs = std::filesystem;
namespace {

TEST(Faults, APreparationGoesOnAndEndsTheSame) {
  const TemporaryFolder folder;
  const auto tokenizer = byte_tokenizer();
  std::string lines;
  for (int i = 0; i < 60; ++i) {
    lines += "{\"text\": \"document " + std::to_string(i) + std::string(static_cast<size_t>(i % 9), 'x') + "\"}\n";
  }
  write_text(folder / "in.jsonl", lines);
  PrepareOptions options;
  options.inputs = {folder / "in.jsonl"};
  options.workers = 1;
  options.val_fraction = 0.1;
  options.shard_tokens = 250;
  options.save_tokens = 120;
  const auto run = [&](const std::string& out) {
    options.out = folder / out;
    prepare(tokenizer, options);
  };
  const auto contents = [&](const std::string& out) {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::directory_iterator(folder / out)) {
      all[entry.path().filename().string()] = read_text(entry.path());
    }
    return all;
  };
  run("whole");
  const auto whole = contents("whole");
  EXPECT_GT(whole.size(), 5u);
  walk_faults(
      "data prepare",
      [&] {
        fs::remove_all(folder / "set");
        fs::remove_all(folder / ".set.partial");
      },
      [&] { run("set"); },
      [&](const std::string&) {
        if (!fs::exists(folder / "set")) {
          run("set");
        }
        EXPECT_TRUE(contents("set") == whole);
        EXPECT_FALSE(fs::exists(folder / ".set.partial"));
      },
      /*stride=*/6);
}

}  // namespace
}  // namespace cambium::data
