#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "cambium/base/files.h"
#include "tests/support/temporary_folder.h"

namespace cambium {

/// An empty directory of the test's own, removed at its end.
class Folder : public testing::Test {
 protected:
  std::filesystem::path write(const std::filesystem::path& name, std::string_view content) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    write_file_atomic(folder_ / name, content);
    return folder_ / name;
  }
  std::string read(const std::filesystem::path& name) const { return read_file(folder_ / name); }

  const TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

}  // namespace cambium
