// A directory that is replaced on a file system that cannot exchange two names: the C library's renameat2 and rename
// are replaced for this program, so that the first can be refused and the second fail, or end the process, at any call.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "tests/support/temporary_folder.h"

namespace {

int exchange_error = 0;  ///< what renameat2 fails with; 0: it works
int renames_left = -1;   ///< calls of rename that still work; negative: all do
bool dies = false;       ///< the call after them ends the process instead of failing

}  // namespace

extern "C" int renameat2(int from_folder, const char* from, int to_folder, const char* to,
                         unsigned int flags) noexcept {
  if (exchange_error != 0) {
    errno = exchange_error;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
}

extern "C" int rename(const char* from, const char* to) noexcept {
  if (renames_left == 0) {
    if (dies) {
      ::_exit(9);
    }
    renames_left = -1;
    errno = EIO;
    return -1;
  }
  renames_left -= renames_left > 0 ? 1 : 0;
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0U));
}

namespace cambium {
namespace {

namespace fs = std::filesystem;

class Replace : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "result");
    write_file_atomic(folder_ / "result" / "x", "old");
    target_ = folder_ / "result";
    exchange_error = EINVAL;
  }
  void TearDown() override {
    exchange_error = 0;
    renames_left = -1;
    dies = false;
  }
  void replace() const {
    StagedDirectory staged(target_, /*replace=*/true);
    write_file_atomic(staged.staging() / "x", "new");
    staged.commit();
  }
  /// Killed at the n-th rename (from 0) of the replacement: the first gives the new file its name.
  void die_at(int rename) const {
    EXPECT_EXIT(
        {
          renames_left = rename;
          dies = true;
          replace();
        },
        testing::ExitedWithCode(9), "");
  }
  int64_t entries() const { return std::distance(fs::directory_iterator(folder_), fs::directory_iterator()); }

  TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path(), target_;
};

TEST_F(Replace, InTwoStepsWhereNamesCannotBeExchanged) {
  for (const int error : {EINVAL, ENOSYS, EOPNOTSUPP}) {
    exchange_error = error;
    write_file_atomic(target_ / "y", "of the old one");
    replace();
    EXPECT_EQ(read_file(target_ / "x"), "new");
    EXPECT_FALSE(fs::exists(target_ / "y"));
    EXPECT_EQ(entries(), 1);
  }
}

TEST_F(Replace, OtherErrorsEndIt) {
  exchange_error = EACCES;
  EXPECT_THROW(replace(), Error);
  EXPECT_EQ(read_file(target_ / "x"), "old");
  EXPECT_EQ(entries(), 1);
}

TEST_F(Replace, AFailedStepLeavesTheOldOne) {
  for (const int works : {1, 2}) {
    renames_left = works;
    EXPECT_THROW(replace(), Error);
    EXPECT_EQ(read_file(target_ / "x"), "old");
    EXPECT_EQ(entries(), 1);
  }
}

TEST_F(Replace, AKillBetweenTheStepsLosesNothing) {
  for (const bool by_folder : {true, false}) {
    die_at(2);
    EXPECT_FALSE(fs::exists(target_));
    EXPECT_EQ(read_file(folder_ / ".result.replaced" / "x"), "old");
    EXPECT_EQ(read_file(folder_ / ".result.partial" / "x"), "new");
    if (by_folder) {
      restore_replaced(folder_);
      EXPECT_FALSE(fs::exists(folder_ / ".result.replaced"));
    } else {
      const StagedDirectory next(target_, /*replace=*/true);
    }
    EXPECT_EQ(read_file(target_ / "x"), "old");
  }
  EXPECT_EQ(entries(), 1);
}

TEST_F(Replace, AKillBeforeTheRemovalLeavesTheNewOne) {
  replace();
  fs::create_directories(folder_ / ".result.replaced");
  restore_replaced(folder_);
  EXPECT_EQ(read_file(target_ / "x"), "new");
  EXPECT_EQ(entries(), 1);
}

TEST_F(Replace, WhatAKillLeftAsideIsStillInTheWayOfANewOne) {
  die_at(2);
  EXPECT_THROW(const StagedDirectory fresh(target_), InvalidInput);
  EXPECT_EQ(read_file(target_ / "x"), "old");
}

}  // namespace
}  // namespace cambium
