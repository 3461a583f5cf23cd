#include "cambium/base/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "cambium/base/error.h"
#include "cambium/base/fault.h"
#include "cambium/base/rename.h"

namespace cambium {
namespace fs = std::filesystem;
namespace {

constexpr size_t kBufferBytes = size_t{1} << 20, kSmallBufferBytes = size_t{4} << 10;

bool is_full(int code) { return code == ENOSPC || code == EDQUOT; }

[[noreturn]] void fail_with_errno(const fs::path& path, std::string_view doing) {
  const int code = errno;
  const std::string message = format("{}: {}: {}", path.string(), doing, std::strerror(code));
  if (is_full(code)) {
    throw DiskFull(message);
  }
  throw Error(message);
}

/// fsync, as a point for faults.
int flush_to_disk(int fd) { return fault::strikes() ? -1 : ::fsync(fd); }

/// remove_all, as a point at which a process may be killed; what stays is no error.
void discard(const fs::path& path) {
  std::error_code ignored;
  if (!fault::strikes()) {
    fs::remove_all(path, ignored);
  }
}

void sync_path(const fs::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) {
    fail_with_errno(path, "cannot open to flush");
  }
  const int result = flush_to_disk(fd);
  const int code = errno;
  ::close(fd);
  if (result != 0) {
    errno = code;
    fail_with_errno(path, "cannot flush to disk");
  }
}

constexpr std::string_view kReplaced = ".replaced";

/// Where the old content of `target` stands while it is replaced in two steps.
fs::path aside_of(const fs::path& target) {
  fs::path aside = target;
  return aside.replace_filename(format(".{}{}", target.filename().string(), kReplaced));
}

/// What a kill left of a replacement in two steps: the old content gets its name back where nothing has it.
void restore(const fs::path& aside, const fs::path& target) {
  if (!fs::exists(aside)) {
    return;
  }
  if (!fs::exists(target)) {
    rename_path(aside, target);
    return;
  }
  discard(aside);  // only disk space is at stake
}

/// Gives `staging` the name of the directory `target`. The old content then stands under the name returned.
fs::path replace_directory(const fs::path& staging, const fs::path& target) {
  if (!fault::strikes() && ::renameat2(AT_FDCWD, staging.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) {
    return staging;
  }
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) {
    fail_with_errno(target, "cannot exchange with the new content");
  }
  const fs::path aside = aside_of(target);
  rename_path(target, aside);
  try {
    rename_path(staging, target);
  } catch (const Error&) {
    rename_path(aside, target);
    throw;
  }
  return aside;
}

fs::path parent_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

}  // namespace

void rename_path(const fs::path& from, const fs::path& to) {
  if (fault::strikes() || ::rename(from.c_str(), to.c_str()) != 0) {
    fail_with_errno(to, format("cannot rename {} to this name", from.filename().string()));
  }
}

bool is_file_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.find_first_of(std::string_view("/\0", 2)) == name.npos;
}

std::string read_file(const fs::path& path, int64_t max_bytes) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    bad_input("{}: no such file", path.string());
  }
  if (fs::is_directory(status)) {
    bad_input("{}: expected a file, found a directory", path.string());
  }
  // One among a stranger's files would keep us waiting for a writer; a shell's <(...) has no path of its own.
  if (fs::is_fifo(status) && !fs::canonical(path, error).empty()) {
    bad_input("{}: expected a file, found a named pipe", path.string());
  }
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    bad_input("{}: cannot open: {}", path.string(), std::strerror(errno));
  }
  std::string content;
  std::error_code unknown;  // the size of a pipe, for one
  const uintmax_t size = fs::file_size(path, unknown);
  std::string chunk(unknown ? kBufferBytes : std::clamp<uintmax_t>(size + 1, kSmallBufferBytes, kBufferBytes), '\0');
  for (;;) {
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      const int code = errno;
      ::close(fd);
      bad_input("{}: cannot read: {}", path.string(), std::strerror(code));
    }
    if (got == 0) {
      break;
    }
    content.append(chunk, 0, static_cast<size_t>(got));
    if (static_cast<int64_t>(content.size()) > max_bytes) {
      ::close(fd);
      bad_input("{}: larger than the {} bytes expected at most", path.string(), max_bytes);
    }
  }
  ::close(fd);
  return content;
}

FileWriter::FileWriter(const fs::path& path, Mode mode) : path_(path) {
  const int how = mode == Mode::kUpdate ? 0 : O_CREAT | (mode == Mode::kAppend ? O_APPEND : O_TRUNC);
  const int flags = O_WRONLY | O_CLOEXEC | how;
  fd_ = fault::strikes() ? -1 : ::open(path.c_str(), flags, 0644);
  if (fd_ < 0) {
    fail_with_errno(path, "cannot open for writing");
  }
  if (mode == Mode::kAppend) {
    position_ = ::lseek(fd_, 0, SEEK_END);
  }
}

FileWriter::FileWriter(FileWriter&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      position_(other.position_),
      buffer_(std::move(other.buffer_)) {}

FileWriter::~FileWriter() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

/// How many bytes went out: less than `size` where one could not be written (errno).
int64_t FileWriter::write_some(const std::byte* data, int64_t size) {
  int64_t done = 0;
  while (done < size) {
    const fault::Write planned = fault::strikes_write(size - done);
    const ssize_t written = ::write(fd_, data + done, static_cast<size_t>(planned.size));
    done += std::max<ssize_t>(written, 0);
    if (planned.fails) {
      fault::finish_write();
      return done;
    }
    if (written < 0 && errno != EINTR) {
      return done;
    }
  }
  return done;
}

void FileWriter::write(std::span<const std::byte> bytes) {
  const auto size = static_cast<int64_t>(bytes.size());
  position_ += size;
  if (bytes.size() >= kBufferBytes) {
    flush();
    if (write_some(bytes.data(), size) < size) {
      fail_with_errno(path_, "cannot write");
    }
    return;
  }
  buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (buffer_.size() >= kBufferBytes) {
    flush();
  }
}

void FileWriter::write(std::string_view bytes) { write(std::as_bytes(std::span(bytes.data(), bytes.size()))); }

void FileWriter::flush() {
  const auto size = static_cast<int64_t>(buffer_.size());
  const int64_t done = write_some(reinterpret_cast<const std::byte*>(buffer_.data()), size);
  const int code = errno;
  buffer_.erase(0, static_cast<size_t>(done));
  if (done < size) {
    errno = code;
    fail_with_errno(path_, "cannot write");
  }
}

void FileWriter::seek(int64_t position) {
  flush();
  if (::lseek(fd_, position, SEEK_SET) != position) {
    fail_with_errno(path_, format("cannot go to byte {}", position));
  }
  position_ = position;
}

void FileWriter::resize(int64_t bytes) {
  flush();
  if (fault::strikes() || ::ftruncate(fd_, bytes) != 0) {
    fail_with_errno(path_, format("cannot be made {} bytes long", bytes));
  }
}

void FileWriter::sync() {
  flush();
  if (flush_to_disk(fd_) != 0) {
    fail_with_errno(path_, "cannot flush to disk");
  }
}

void FileWriter::close(bool to_disk) {
  to_disk ? sync() : flush();
  if (::close(std::exchange(fd_, -1)) != 0) {
    fail_with_errno(path_, "cannot close");
  }
}

void write_file_atomic(const fs::path& path, std::string_view content) {
  const fs::path temporary = path.string() + ".tmp";
  try {
    FileWriter writer(temporary);
    writer.write(content);
    writer.close(/*sync=*/true);
    rename_path(temporary, path);
  } catch (...) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw;
  }
  sync_directory(parent_of(path));
}

fs::path StagedDirectory::staging_of(const fs::path& target) {
  const fs::path named = target.has_filename() ? target : target.parent_path();
  return parent_of(named) / ("." + named.filename().string() + ".partial");
}

StagedDirectory::StagedDirectory(const fs::path& target, bool replace, Leftover leftover)
    : target_(target.has_filename() ? target : target.parent_path()), replace_(replace) {
  std::error_code error;
  make_directories(parent_of(target_));
  restore(aside_of(target_), target_);
  if (!replace_ && fs::exists(target_, error)) {
    bad_input("{}: already exists", target_.string());
  }
  staging_ = staging_of(target_);
  if (leftover == Leftover::kRemove) {
    fs::remove_all(staging_, error);
  }
  make_directories(staging_);
}

StagedDirectory::~StagedDirectory() {
  if (!committed_ && !kept_) {
    std::error_code ignored;
    fs::remove_all(staging_, ignored);
  }
}

void StagedDirectory::commit() {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(staging_)) {
    if (entry.is_regular_file()) {
      sync_path(entry.path(), O_RDONLY);
    } else if (entry.is_directory()) {
      sync_directory(entry.path());
    }
  }
  sync_directory(staging_);
  if (replace_ && fs::exists(target_)) {
    const fs::path old = replace_directory(staging_, target_);
    committed_ = true;
    sync_directory(parent_of(target_));
    discard(old);
    return;
  }
  rename_path(staging_, target_);
  committed_ = true;
  sync_directory(parent_of(target_));
}

MappedFile::MappedFile(const fs::path& path, int64_t expected_bytes) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a named pipe is not waited for
  if (fd < 0) {
    bad_input("{}: cannot open: {}", path.string(), std::strerror(errno));
  }
  struct stat info {};
  const bool regular = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  if (!regular || (expected_bytes >= 0 && info.st_size != expected_bytes)) {
    ::close(fd);
    if (!regular) {
      bad_input("{}: expected a regular file", path.string());
    }
    bad_input("{}: expected {} bytes, found {}", path.string(), expected_bytes, static_cast<int64_t>(info.st_size));
  }
  size_ = info.st_size;
  if (size_ > 0) {
    void* address = ::mmap(nullptr, static_cast<size_t>(size_), PROT_READ, MAP_SHARED, fd, 0);
    if (address == MAP_FAILED) {
      const int code = errno;
      ::close(fd);
      fail("{}: cannot map: {}", path.string(), std::strerror(code));
    }
    data_ = static_cast<const std::byte*>(address);
  }
  ::close(fd);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) {
    ::munmap(const_cast<std::byte*>(data_), static_cast<size_t>(size_));
  }
}

void sync_file(const fs::path& path) { sync_path(path, O_RDONLY); }

void sync_directory(const fs::path& path) { sync_path(path, O_RDONLY | O_DIRECTORY); }

void restore_replaced(const fs::path& folder) {
  if (!fs::is_directory(folder)) {
    return;
  }
  std::vector<fs::path> left;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.size() > kReplaced.size() + 1 && name.starts_with('.') && name.ends_with(kReplaced)) {
      left.push_back(entry.path());
    }
  }
  for (const fs::path& aside : left) {
    const std::string name = aside.filename().string();
    restore(aside, folder / name.substr(1, name.size() - 1 - kReplaced.size()));
  }
}

void make_directories(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    return;
  }
  const fs::path parent = parent_of(path);
  if (parent != path && !fs::exists(parent, error)) {
    make_directories(parent);
  }
  if (fault::strikes()) {
    error.assign(errno, std::generic_category());
  } else {
    fs::create_directory(path, error);
  }
  if (error) {
    errno = error.value();
    fail_with_errno(path, "cannot make the directory");
  }
  sync_directory(parent);
}

}  // namespace cambium
