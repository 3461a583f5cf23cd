#include "cambium/base/fault.h"

#include <algorithm>
#include <vector>

#include "cambium/base/files.h"
#include "cambium/base/rename.h"
#include "tests/support/fault_walk.h"
#include "tests/support/temporary_folder.h"

namespace cambium {
namespace fs = std::filesystem;
namespace {

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(Fault, FilesAreOldOrNew) {
  TemporaryFolder folder;
  const fs::path file = folder / "file";
  const std::string old(10, 'o'), fresh(3 << 20, 'n');
  walk_faults(
      "write_file_atomic", [&] { write_file_atomic(file, old); }, [&] { write_file_atomic(file, fresh); },
      [&](const std::string& what) {
        const std::string found = read_file(file);
        EXPECT_TRUE(found == old || found == fresh);
        // A kill may leave what was being written beside it; a failure may not.
        if (what.find("killed") == std::string::npos && found == old && what.find("full") == std::string::npos) {
          EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"file"});
        }
        write_file_atomic(file, fresh);  // and the next one works
        EXPECT_EQ(read_file(file), fresh);
        EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"file"});
      });
}

TEST(Fault, DirectoriesAreOldOrNew) {
  TemporaryFolder folder;
  const fs::path target = folder / "set";
  const auto write = [&](const std::string& content) {
    StagedDirectory staged(target, /*replace=*/true);
    make_directories(staged.staging() / "deep");
    for (const char* name : {"a", "b", "deep/c"}) {
      FileWriter writer(staged.staging() / name);
      writer.write(content);
      writer.close(/*to_disk=*/false);
    }
    staged.commit();
  };
  const auto content = [&] {
    const std::string first = read_file(target / "a");
    EXPECT_EQ(read_file(target / "b"), first);
    EXPECT_EQ(read_file(target / "deep" / "c"), first);
    return first;
  };
  walk_faults(
      "StagedDirectory",
      [&] {
        fs::remove_all(folder.path());
        fs::create_directories(folder.path());
        write("old");
      },
      [&] { write("new"); },
      [&](const std::string&) {
        restore_replaced(folder.path());
        const std::string found = content();
        EXPECT_TRUE(found == "old" || found == "new") << found;
        write("newer");
        EXPECT_EQ(content(), "newer");
        EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"set"});
      },
      /*stride=*/2);
}

TEST(Fault, MessagesTellFileAndReason) {
  TemporaryFolder folder;
  const auto message = [&](fault::Kind kind) {
    fault::arm(kind, 2);  // 1: opening
    std::string said;
    try {
      write_file_atomic(folder / "file", "content");
    } catch (const Error& error) {
      said = error.what();
    }
    fault::arm(fault::Kind::kNone, 0);
    return said;
  };
  EXPECT_EQ(message(fault::Kind::kFull), (folder / "file.tmp").string() + ": cannot write: No space left on device");
  EXPECT_EQ(message(fault::Kind::kBroken), (folder / "file.tmp").string() + ": cannot write: Input/output error");
  EXPECT_FALSE(fs::exists(folder / "file"));
}

TEST(Fault, RenamingIsAPoint) {
  TemporaryFolder folder;
  write_file_atomic(folder / "a", "a");
  fault::arm(fault::Kind::kFull, 1);
  EXPECT_THROW(rename_path(folder / "a", folder / "b"), Error);
  fault::arm(fault::Kind::kNone, 0);
  rename_path(folder / "a", folder / "b");
  EXPECT_EQ(fault::points_passed(), 1);
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"b"});
}

}  // namespace
}  // namespace cambium
