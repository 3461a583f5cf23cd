#include "cambium/formats/streams.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "cambium/base/error.h"

namespace cambium::formats {
namespace {

constexpr size_t kBufferBytes = size_t{256} << 10;

/// The file itself through a buffer that can be looked into.
class RawFile {
 public:
  explicit RawFile(const std::filesystem::path& path) : what_(path == "-" ? "standard input" : path.string()) {
    fd_ = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) bad_input("{}: {}", what_, std::strerror(errno));
  }
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;
  ~RawFile() {
    if (fd_ != STDIN_FILENO) ::close(fd_);
  }

  /// What is buffered, read anew when nothing is left; empty at the end of the file.
  std::string_view peek() {
    if (begin_ == end_) begin_ = end_ = 0;
    if (begin_ == end_) fill();
    return {buffer_.get() + begin_, end_ - begin_};
  }
  /// The first bytes of the file, up to `count`; only before anything was taken.
  std::string_view head(size_t count) {
    while (end_ < count && fill()) {
    }
    return {buffer_.get(), std::min(count, end_)};
  }
  void take(size_t count) {
    begin_ += count;
    taken_ += static_cast<int64_t>(count);
  }
  int64_t taken() const { return taken_; }
  const std::string& what() const { return what_; }
  /// Moves on by `count` bytes without reading them; false where the file cannot (a pipe, or too few bytes).
  bool seek(int64_t count) {
    struct stat info {};
    if (::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode) || count > info.st_size - taken_) return false;
    const auto buffered = static_cast<int64_t>(end_ - begin_);
    if (count < buffered) {
      begin_ += static_cast<size_t>(count);
    } else {
      if (::lseek(fd_, count - buffered, SEEK_CUR) < 0) return false;
      begin_ = end_ = 0;
    }
    taken_ += count;
    return true;
  }

 private:
  bool fill() {
    ssize_t got = 0;
    do {
      got = ::read(fd_, buffer_.get() + end_, kBufferBytes - end_);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
      if (errno == EISDIR) bad_input("{}: is a folder, expected a file", what_);
      fail("{}: byte {}: {}", what_, taken_, std::strerror(errno));
    }
    end_ += static_cast<size_t>(got);
    return got > 0;
  }

  std::string what_;
  int fd_ = -1;
  std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(kBufferBytes);
  size_t begin_ = 0, end_ = 0;
  int64_t taken_ = 0;
};

class PlainStream : public InputStream {
 public:
  explicit PlainStream(std::unique_ptr<RawFile> file) : file_(std::move(file)) {}
  size_t read(char* out, size_t size) override {
    const std::string_view bytes = file_->peek();
    const size_t count = std::min(size, bytes.size());
    std::copy_n(bytes.data(), count, out);
    file_->take(count);
    return count;
  }
  int64_t consumed() const override { return file_->taken(); }
  void skip(int64_t bytes) override {
    if (!file_->seek(bytes)) InputStream::skip(bytes);
  }

 private:
  std::unique_ptr<RawFile> file_;
};

/// One or many gzip members; zeros behind the last one are padding, as gzip itself takes them.
class GzipStream : public InputStream {
 public:
  explicit GzipStream(std::unique_ptr<RawFile> file) : file_(std::move(file)) {
    constexpr int kGzipOnly = 16;
    if (inflateInit2(&inflate_, MAX_WBITS + kGzipOnly) != Z_OK) fail("{}: zlib does not start", file_->what());
  }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;
  ~GzipStream() override { inflateEnd(&inflate_); }

  size_t read(char* out, size_t size) override {
    size = std::min(size, size_t{1} << 30);  // zlib counts in 32 bits
    inflate_.next_out = reinterpret_cast<Bytef*>(out);
    inflate_.avail_out = static_cast<uInt>(size);
    while (inflate_.avail_out == size && size > 0) {
      if (member_done_ && !next_member()) return 0;
      step();
    }
    return size - inflate_.avail_out;
  }
  int64_t consumed() const override { return file_->taken(); }

 private:
  void step() {
    const std::string_view bytes = file_->peek();
    if (bytes.empty()) bad_input("{}: byte {}: the gzip stream ends too early", file_->what(), file_->taken());
    inflate_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib reads it only
    inflate_.avail_in = static_cast<uInt>(bytes.size());
    const int status = inflate(&inflate_, Z_NO_FLUSH);
    file_->take(bytes.size() - inflate_.avail_in);
    if (status == Z_STREAM_END) {
      member_done_ = true;
    } else if (status != Z_OK) {
      bad_input("{}: byte {}: corrupt gzip stream: {}", file_->what(), file_->taken(),
                inflate_.msg == nullptr ? "unknown reason" : inflate_.msg);
    }
  }

  bool next_member() {
    while (true) {
      const std::string_view bytes = file_->peek();
      if (bytes.empty()) return false;
      const size_t zeros = std::min(bytes.find_first_not_of('\0'), bytes.size());
      file_->take(zeros);
      padded_ = padded_ || zeros > 0;
      if (zeros == bytes.size()) continue;
      if (padded_ || bytes.front() != '\x1f') {
        bad_input("{}: byte {}: bytes behind the gzip stream", file_->what(), file_->taken());
      }
      inflateReset(&inflate_);
      member_done_ = false;
      return true;
    }
  }

  std::unique_ptr<RawFile> file_;
  z_stream inflate_{};
  bool member_done_ = false;
  bool padded_ = false;
};

/// One or many zstd frames. The decoder's own limit of 128 MiB on the window bounds what a header can make it allocate.
class ZstdStream : public InputStream {
 public:
  explicit ZstdStream(std::unique_ptr<RawFile> file) : file_(std::move(file)), context_(ZSTD_createDCtx()) {
    if (!context_) fail("{}: zstd does not start", file_->what());
  }

  size_t read(char* out, size_t size) override {
    ZSTD_outBuffer output{out, size, 0};
    while (output.pos == 0 && size > 0) {
      const std::string_view bytes = file_->peek();
      if (bytes.empty() && !inside_frame_) return 0;
      ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
      const size_t left = ZSTD_decompressStream(context_.get(), &output, &input);
      if (ZSTD_isError(left)) {
        bad_input("{}: byte {}: corrupt zstd stream: {}", file_->what(), file_->taken(), ZSTD_getErrorName(left));
      }
      file_->take(input.pos);
      inside_frame_ = left != 0;
      if (bytes.empty() && output.pos == 0 && inside_frame_) {
        bad_input("{}: byte {}: the zstd stream ends too early", file_->what(), file_->taken());
      }
    }
    return output.pos;
  }
  int64_t consumed() const override { return file_->taken(); }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<RawFile> file_;
  std::unique_ptr<ZSTD_DCtx, Free> context_;
  bool inside_frame_ = false;
};

bool is_zstd(std::string_view head) {
  if (head.size() < 4) return false;
  uint32_t magic = 0;
  std::memcpy(&magic, head.data(), sizeof(magic));
  return magic == ZSTD_MAGICNUMBER || (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

}  // namespace

void InputStream::skip(int64_t bytes) {
  std::vector<char> scratch(kBufferBytes);
  for (int64_t left = bytes; left > 0;) {
    const size_t got = read(scratch.data(), static_cast<size_t>(std::min<int64_t>(left, std::ssize(scratch))));
    if (got == 0) bad_input("the input ends {} bytes before the place to go on from, byte {}", left, bytes);
    left -= static_cast<int64_t>(got);
  }
}

std::unique_ptr<InputStream> open_input(const std::filesystem::path& path) {
  auto file = std::make_unique<RawFile>(path);
  const std::string_view head = file->head(4);
  if (head.starts_with("\x1f\x8b")) return std::make_unique<GzipStream>(std::move(file));
  if (is_zstd(head)) return std::make_unique<ZstdStream>(std::move(file));
  return std::make_unique<PlainStream>(std::move(file));
}

std::string read_input(const std::filesystem::path& path, int64_t max_bytes) {
  constexpr size_t kBlock = size_t{64} << 10;
  const std::unique_ptr<InputStream> stream = open_input(path);
  std::string text;
  for (size_t size = 0;;) {
    text.resize(size + kBlock);
    const size_t got = stream->read(text.data() + size, kBlock);
    size += got;
    if (static_cast<int64_t>(size) > max_bytes) {
      bad_input("{}: holds more than {} bytes, unpacked", path.string(), max_bytes);
    }
    if (got == 0) {
      text.resize(size);
      return text;
    }
  }
}

}  // namespace cambium::formats
