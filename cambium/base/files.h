#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace cambium {

/// A whole file as bytes. Throws InvalidInput where it is missing, not a regular file or larger than `max_bytes`.
std::string read_file(const std::filesystem::path& path, int64_t max_bytes = int64_t{1} << 30);

/// Whether that is a plain name of a file, as those in manifests and index files must be: nothing that leads out of the
/// folder, nothing hidden.
bool is_file_name(std::string_view name);

/// A file being written, front to back. All writes of the program go through this class (and so does fault injection).
/// Errors throw Error with the path and the system's reason ("No space left on device"), DiskFull where that is it.
class FileWriter {
 public:
  enum class Mode { kTruncate, kAppend, kUpdate };  ///< kUpdate: an existing file, from its start
  explicit FileWriter(const std::filesystem::path& path, Mode mode = Mode::kTruncate);
  FileWriter(FileWriter&& other) noexcept;
  FileWriter& operator=(FileWriter&&) = delete;
  ~FileWriter();  ///< closes without flushing to disk; call `close` to learn of errors

  void write(std::string_view bytes);
  void write(std::span<const std::byte> bytes);
  int64_t position() const { return position_; }
  /// Goes on writing there.
  void seek(int64_t position);
  /// Makes the file that long; what is added reads as zeros until it is written.
  void resize(int64_t bytes);
  const std::filesystem::path& path() const { return path_; }
  /// Hands what was written to the operating system (not yet to the disk). Where that fails, what has not gone out is
  /// kept: once there is room, another flush goes on behind what has.
  void flush();
  /// Flushes to the disk itself.
  void sync();
  /// Flushes, optionally to the disk itself, and closes.
  void close(bool to_disk);

 private:
  int64_t write_some(const std::byte* data, int64_t size);

  std::filesystem::path path_;
  int fd_ = -1;
  int64_t position_ = 0;
  std::string buffer_;
};

/// Writes `content` beside `path`, flushes it to disk and renames it: either the old or the new file is there, whole.
void write_file_atomic(const std::filesystem::path& path, std::string_view content);

/// A directory that appears under its name only when it is complete. Fill `staging()`, then `commit()`: every file is
/// flushed to disk, then the directory is renamed. Without `commit` (an error, a kill) the target is untouched; what
/// was staged is removed by the destructor or, after a kill, by the next StagedDirectory of the same target.
/// A target that is replaced keeps its name throughout where the file system can exchange two names in one step; where
/// it cannot (NFS), it is moved to `.NAME.replaced` until the new one stands: a kill in between leaves both, and the
/// next StagedDirectory of the same target, or `restore_replaced`, gives the old one its name back.
class StagedDirectory {
 public:
  /// What an earlier process staged for the same target (`keep`) is removed, or taken over.
  enum class Leftover { kRemove, kTake };
  /// `replace`: an existing target is swapped out on commit; otherwise an existing target throws InvalidInput.
  explicit StagedDirectory(const std::filesystem::path& target, bool replace = false,
                           Leftover leftover = Leftover::kRemove);
  StagedDirectory(const StagedDirectory&) = delete;
  StagedDirectory& operator=(const StagedDirectory&) = delete;
  ~StagedDirectory();

  const std::filesystem::path& staging() const { return staging_; }
  const std::filesystem::path& target() const { return target_; }
  void commit();
  /// What is staged stays on the disk even without `commit`, for a later process to take.
  void keep() { kept_ = true; }
  /// Where a target is staged.
  static std::filesystem::path staging_of(const std::filesystem::path& target);

 private:
  std::filesystem::path target_;
  std::filesystem::path staging_;
  bool replace_;
  bool committed_ = false;
  bool kept_ = false;
};

/// A file mapped read-only. Throws InvalidInput where it is missing, or where it is not `expected_bytes` long
/// (unless that is negative).
class MappedFile {
 public:
  MappedFile() = default;
  explicit MappedFile(const std::filesystem::path& path, int64_t expected_bytes = -1);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, static_cast<size_t>(size_)}; }
  int64_t size() const { return size_; }

 private:
  const std::byte* data_ = nullptr;
  int64_t size_ = 0;
};

/// Flushes what was written to a file, by whom ever, to the disk.
void sync_file(const std::filesystem::path& path);
/// Flushes a directory's entries to disk, so that a rename inside it survives a power cut.
void sync_directory(const std::filesystem::path& path);

/// Gives directories under `folder` that a kill left without a name in the middle of a replacement their name back, and
/// removes what is left of finished replacements.
void restore_replaced(const std::filesystem::path& folder);

/// Makes a directory and its parents, flushed to disk. Throws Error with the system's reason.
void make_directories(const std::filesystem::path& path);

}  // namespace cambium
