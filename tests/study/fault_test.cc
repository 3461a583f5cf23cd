// A study's state on a disk that fails: what was done is known or done again, and never taken for done when it was not.
#include <gtest/gtest.h>

#include <filesystem>

#include "cambium/base/files.h"
#include "cambium/study/jobs/scheduler.h"
#include "tests/support/fault_walk.h"
#include "tests/support/temporary_folder.h"

namespace cambium::study {
namespace fs = std::filesystem;
namespace {

struct NoWatcher : Watcher {
  void look(std::span<const JobState>, double, int64_t) override {}
};

TEST(Faults, AStudyGoesOn) {
  TemporaryFolder folder;
  const fs::path out = folder / "out", program = folder / "program";
  // Appends a line for each time that it ran, so that what it makes tells.
  write_file_atomic(program, "#!/bin/sh\nmkdir -p \"$1\" && echo made > \"$1/file\" && echo ran >> \"$1.log\"\n");
  fs::permissions(program, fs::perms::owner_all);
  const Job job{.name = "prepare/one", .arguments = {(out / "made").string()}, .makes = {out / "made"}};
  const Settings settings{.program = program, .folder = out / ".study", .jobs = 1};
  const auto run = [&] {
    NoWatcher watcher;
    return run_jobs(std::span(&job, 1), settings, watcher).front();
  };
  walk_faults(
      "study", [&] { fs::remove_all(out); }, [&] { run(); },
      [&](const std::string&) {
        const bool known = done_jobs(std::span(&job, 1), settings).front();
        EXPECT_TRUE(!known || read_file(out / "made" / "file") == "made\n");
        const JobState again = run();
        EXPECT_EQ(again.state, State::kDone);
        EXPECT_EQ(again.skipped, known);
        EXPECT_EQ(read_file(out / "made" / "file"), "made\n");
        EXPECT_TRUE(run().skipped);
      });
}

}  // namespace
}  // namespace cambium::study
