#pragma once

#include <filesystem>
#include <string_view>

namespace cambium {

/// Keeps a folder's content to one process at a time, by a file that is removed again. The system lets go of the lock
/// when its owner ends, however it ends: a file that a kill left behind holds nobody up.
class FileLock {
 public:
  /// Throws InvalidInput "<folder>: another <what> is at work there (process 17 on host)" where another process, or
  /// another lock of this one, has the file `path` and does not let go of it within two seconds: one that was killed
  /// may take a moment to end. A file system that knows no locks (some network ones) is
  /// warned of and gone on with.
  FileLock(const std::filesystem::path& path, std::string_view what, const std::filesystem::path& folder);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  std::filesystem::path path_;
  int file_ = -1;
};

}  // namespace cambium
