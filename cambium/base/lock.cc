#include "cambium/base/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/base/host.h"
#include "cambium/base/log.h"

namespace cambium {
namespace {

constexpr int64_t kMaxName = 300;

std::string own_name() { return format("process {} on {}", ::getpid(), host_name()); }

std::string name_in(int file) {
  std::string name(kMaxName, '\0');
  const ssize_t size = ::pread(file, name.data(), name.size(), 0);
  name.resize(static_cast<size_t>(std::max<ssize_t>(size, 0)));
  return name.empty() ? "" : format(" ({})", name.substr(0, name.find('\n')));
}

/// 0, or why the file cannot be locked.
int lock_soon(int file) {
  constexpr int kAttempts = 20;
  for (int attempt = 1;; ++attempt) {
    if (::flock(file, LOCK_EX | LOCK_NB) == 0) {
      return 0;
    }
    const int code = errno;
    if (code != EWOULDBLOCK || attempt == kAttempts) {
      return code;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

/// Whether the open file is still the one of that name.
bool is_named(int file, const std::filesystem::path& path) {
  struct stat open {
  }, named{};
  return ::fstat(file, &open) == 0 && ::stat(path.c_str(), &named) == 0 && open.st_ino == named.st_ino &&
         open.st_dev == named.st_dev;
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& path, std::string_view what, const std::filesystem::path& folder)
    : path_(path) {
  do {
    if (file_ >= 0) {
      ::close(file_);
    }
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file_ < 0) {
      fail("{}: cannot open: {}", path.string(), std::strerror(errno));
    }
    if (const int code = lock_soon(file_); code != 0) {
      const std::string owner = name_in(file_);
      ::close(std::exchange(file_, -1));
      if (code == EWOULDBLOCK) {
        bad_input("{}: another {} is at work there{}", folder.string(), what, owner);
      }
      log_warning(format("{}: cannot be locked ({}); see to it that no other {} works there", path.string(),
                         std::strerror(code), what));
      return;
    }
    // An owner that ended between the two calls has removed the file that was opened.
  } while (!is_named(file_, path));
  const std::string name = own_name() + "\n";
  // Only a message depends on it: a full disk must not keep the work from going on.
  if (::ftruncate(file_, 0) != 0 || ::pwrite(file_, name.data(), name.size(), 0) < 0) {
    log_warning(format("{}: {}", path.string(), std::strerror(errno)));
  }
}

FileLock::~FileLock() {
  if (file_ >= 0) {
    ::unlink(path_.c_str());
    ::close(file_);
  }
}

}  // namespace cambium
