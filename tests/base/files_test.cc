#include "cambium/base/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "cambium/base/error.h"
#include "cambium/base/hash.h"
#include "tests/support/refusal.h"
#include "tests/support/temporary_folder.h"

namespace cambium {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path();
};

TEST_F(Files, WriterKeepsTheOrderOfSmallAndLargePieces) {
  const fs::path path = folder_ / "a";
  std::string expected;
  FileWriter writer(path);
  for (int i = 0; i < 40; ++i) {
    const std::string piece(i % 7 == 0 ? 1500000 : 1000 * i, static_cast<char>('a' + i % 26));
    writer.write(piece);
    expected += piece;
    EXPECT_EQ(writer.position(), static_cast<int64_t>(expected.size()));
  }
  writer.close(true);
  EXPECT_EQ(hash_hex(read_file(path)), hash_hex(expected));
  EXPECT_EQ(hash_file(path), hash_hex(expected));
}

TEST_F(Files, AppendGoesOnBehindWhatIsThere) {
  write_file_atomic(folder_ / "a", "one\n");
  FileWriter writer(folder_ / "a", FileWriter::Mode::kAppend);
  EXPECT_EQ(writer.position(), 4);
  writer.write("two\n");
  writer.close(false);
  EXPECT_EQ(read_file(folder_ / "a"), "one\ntwo\n");
}

TEST_F(Files, ReadFileNamesWhatIsWrong) {
  EXPECT_THROW(read_file(folder_ / "missing"), InvalidInput);
  EXPECT_THROW(read_file(folder_), InvalidInput);
  EXPECT_THROW(hash_file(folder_), Error);
  write_file_atomic(folder_ / "big", std::string(100, 'x'));
  EXPECT_THROW(read_file(folder_ / "big", 99), InvalidInput);
  EXPECT_EQ(read_file(folder_ / "big", 100).size(), 100U);
}

TEST_F(Files, NoNamedPipeIsWaitedFor) {
  const fs::path pipe = folder_ / "config.json";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_REFUSAL(read_file(pipe), "config.json", "a named pipe");
  EXPECT_REFUSAL(MappedFile(pipe, -1), "config.json", "expected a regular file");
  fs::create_symlink(pipe, folder_ / "link");
  EXPECT_REFUSAL(read_file(folder_ / "link"), "link", "a named pipe");
}

TEST_F(Files, AShellsPipeIsRead) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "a = 1", 5), 5);
  close(ends[1]);
  EXPECT_EQ(read_file("/dev/fd/" + std::to_string(ends[0])), "a = 1");
  close(ends[0]);
}

TEST_F(Files, StagedDirectoryAppearsWholeOrNotAtAll) {
  const fs::path target = folder_ / "result";
  {
    const StagedDirectory staged(target);
    write_file_atomic(staged.staging() / "x", "half");
  }
  EXPECT_TRUE(fs::is_empty(folder_));
  {
    StagedDirectory staged(target);
    write_file_atomic(staged.staging() / "x", "whole");
    EXPECT_FALSE(fs::exists(target));
    staged.commit();
  }
  EXPECT_EQ(read_file(target / "x"), "whole");
  EXPECT_THROW(StagedDirectory again(target), InvalidInput);
  {
    StagedDirectory staged(target, /*replace=*/true);
    write_file_atomic(staged.staging() / "y", "new");
    staged.commit();
  }
  EXPECT_FALSE(fs::exists(target / "x"));
  EXPECT_EQ(read_file(target / "y"), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(Files, MappedFileChecksItsSize) {
  write_file_atomic(folder_ / "m", "12345");
  const MappedFile mapped(folder_ / "m", 5);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(mapped.bytes().data()), 5), "12345");
  EXPECT_THROW(MappedFile(folder_ / "m", 6), InvalidInput);
  EXPECT_THROW(MappedFile(folder_, -1), InvalidInput);
  write_file_atomic(folder_ / "empty", "");
  EXPECT_EQ(MappedFile(folder_ / "empty").size(), 0);
}

TEST_F(Files, FullDiskIsAnErrorThatSaysSo) {
  if (!fs::exists("/dev/full")) {
    GTEST_SKIP() << "no /dev/full here";
  }
  FileWriter writer("/dev/full");
  writer.write("x");
  try {
    writer.close(false);
    FAIL() << "writing to a full device went unnoticed";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kFailed);
    EXPECT_NE(std::string(error.what()).find("No space left"), std::string::npos);
  }
}

TEST(IsFileName, TakesWhatStaysInItsFolder) {
  for (const char* name : {"model.safetensors", "a b", "\xC3\xA4", "a..b", "-"})
    EXPECT_TRUE(is_file_name(name)) << name;
  for (const char* name : {"", ".", "..", ".hidden", "a/b", "/etc/passwd", "../a", "a/"}) {
    EXPECT_FALSE(is_file_name(name)) << name;
  }
  EXPECT_FALSE(is_file_name(std::string_view("a\0.bin", 6)));
}

}  // namespace
}  // namespace cambium
