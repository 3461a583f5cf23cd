#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace cambium::formats {

/// Bytes of a file, decompressed on the way where the content (not the name) is gzip or zstd; "-" is standard input.
class InputStream {
 public:
  virtual ~InputStream() = default;
  /// Up to `size` bytes into `out`; 0 at the end. Truncated or corrupt streams throw InvalidInput with the file and the
  /// compressed byte offset.
  virtual size_t read(char* out, size_t size) = 0;
  /// Bytes of the underlying (compressed) file consumed so far, for progress.
  virtual int64_t consumed() const = 0;
  /// Leaves out the next `bytes` bytes. Throws InvalidInput where there are fewer.
  virtual void skip(int64_t bytes);
};

std::unique_ptr<InputStream> open_input(const std::filesystem::path& path);

/// All of it. Throws InvalidInput where that is more than `max_bytes`, unpacked.
std::string read_input(const std::filesystem::path& path, int64_t max_bytes = int64_t{256} << 20);

/// Lines of a stream, without their "\n" (or "\r\n"). Lines over `max_bytes` throw InvalidInput with the line number.
class LineReader {
 public:
  LineReader(std::unique_ptr<InputStream> stream, std::string what, int64_t max_bytes = int64_t{256} << 20);
  bool next(std::string& line);
  int64_t line_number() const { return line_number_; }  ///< of the last line returned, from 1
  int64_t consumed() const { return stream_->consumed(); }
  /// Bytes of the (unpacked) stream behind which the next line begins.
  int64_t position() const { return position_; }
  /// Leaves out the first `bytes` bytes, which held `lines` whole lines; before anything was read.
  void skip(int64_t bytes, int64_t lines);
  const std::string& what() const { return what_; }

 private:
  void read_more();

  std::unique_ptr<InputStream> stream_;
  std::string what_;
  int64_t max_bytes_;
  int64_t line_number_ = 0;
  int64_t position_ = 0;
  std::string buffer_;  ///< what was read and not given yet lies in [begin_, filled_)
  size_t begin_ = 0;
  size_t filled_ = 0;
  bool end_ = false;
};

}  // namespace cambium::formats
