// Every reader of files from strangers, on the stored corpora (what fuzzing once found is among them) and on seeded
// mutations of them: each is read or refused, nothing else.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "cambium/base/files.h"
#include "tests/fuzz/targets.h"

namespace cambium::fuzz {
namespace fs = std::filesystem;
namespace {

std::vector<fs::path> corpus(const Target& target) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(CAMBIUM_FUZZ_CORPUS) / target.name)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// One to four edits: bits flipped, bytes set to special values, pieces removed, doubled or taken from elsewhere.
std::string mutated(std::string bytes, std::mt19937_64& random) {
  const auto below = [&](size_t n) { return static_cast<size_t>(random() % std::max<size_t>(1, n)); };
  for (size_t edit = 0, edits = 1 + below(4); edit < edits && !bytes.empty(); ++edit) {
    const size_t at = below(bytes.size()), length = 1 + below(std::min<size_t>(bytes.size() - at, 32));
    switch (below(6)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        bytes[at] = "\x00\xff\x7f\x80\"{}[]:,-0919eE\\/\n"[below(21)];
        break;
      case 2:
        bytes.erase(at, length);
        break;
      case 3:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 4:
        bytes.replace(at, length, bytes.substr(below(bytes.size()), length));
        break;
      case 5:
        bytes.resize(at);
        break;
    }
  }
  return bytes;
}

class Fuzz : public testing::TestWithParam<Target> {};

TEST_P(Fuzz, CorpusAndMutations) {
  const Target& target = GetParam();
  const std::vector<fs::path> files = corpus(target);
  ASSERT_FALSE(files.empty()) << "tests/fuzz/corpus/" << target.name;
  constexpr int kMutations = 3000;
  std::mt19937_64 random(17);
  std::vector<std::string> seeds;
  for (const fs::path& file : files) {
    SCOPED_TRACE(file.string());
    seeds.push_back(read_file(file));
    if (file.filename().string().starts_with("found-")) {
      EXPECT_NO_THROW(run(target, seeds.back()));
    } else {
      EXPECT_NO_THROW(target.read(Input(seeds.back(), target.suffix))) << "a seed must be valid";
    }
  }
  EXPECT_NO_THROW(run(target, ""));
  for (int i = 0; i < kMutations; ++i) {
    const std::string input = mutated(seeds[random() % seeds.size()], random);
    try {
      run(target, input);
    } catch (const std::exception& error) {
      const fs::path kept = fs::temp_directory_path() / (std::string("cambium-fuzz-") + target.name);
      write_file_atomic(kept, input);
      FAIL() << error.what() << "; the input is " << kept;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Fuzz, testing::ValuesIn(targets()),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
}  // namespace cambium::fuzz
