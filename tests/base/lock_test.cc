#include "cambium/base/lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "tests/support/temporary_folder.h"

namespace cambium {
namespace {

class Lock : public testing::Test {
 protected:
  std::filesystem::path file() const { return folder_ / ".lock"; }
  /// What a second owner is told; "" where there is none before it.
  std::string refusal() const {
    try {
      const FileLock lock(file(), "training", folder_.path());
      return "";
    } catch (const InvalidInput& error) {
      return error.what();
    }
  }
  TemporaryFolder folder_;
};

TEST_F(Lock, HasOneOwner) {
  {
    const FileLock lock(file(), "training", folder_.path());
    EXPECT_TRUE(refusal().starts_with(folder_.path().string() + ": another training is at work there (process " +
                                      std::to_string(getpid()) + " on "))
        << refusal();
  }
  EXPECT_FALSE(std::filesystem::exists(file()));
  EXPECT_EQ(refusal(), "");
}

TEST_F(Lock, IsNotHeldByTheDead) {
  std::array<int, 2> ready{};
  ASSERT_EQ(pipe(ready.data()), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const FileLock lock(file(), "training", folder_.path());
    if (write(ready[1], "x", 1) == 1) {
      pause();
    }
    _exit(1);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_NE(refusal().find("(process " + std::to_string(child)), std::string::npos) << refusal();
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(std::filesystem::exists(file()));  // left behind
  EXPECT_EQ(refusal(), "");
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(Lock, NeedsAFolder) { EXPECT_THROW(FileLock(folder_ / "nowhere" / "lock", "training", folder_.path()), Error); }

}  // namespace
}  // namespace cambium
