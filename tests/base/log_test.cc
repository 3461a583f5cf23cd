#include "cambium/base/log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "cambium/base/files.h"
#include "tests/support/temporary_folder.h"

namespace cambium {
namespace {

TEST(Log, FilesRotate) {
  constexpr int64_t kMaxBytes = 1000;
  constexpr int kLines = 300;  // of 44 bytes: more than all files hold together
  TemporaryFolder folder;
  log_to_file(folder / "log.txt", kMaxBytes);
  for (int i = 0; i < kLines; ++i) {
    log_info("a line of twenty-two ch");
  }
  log_info("the last");
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_LE(entry.file_size(), static_cast<uintmax_t>(kMaxBytes)) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 1 + kOldLogs);
  EXPECT_TRUE(read_file(folder / "log.txt").ends_with(" the last\n"));
  EXPECT_TRUE(std::filesystem::exists(folder / "log.1.txt"));
}

}  // namespace
}  // namespace cambium
