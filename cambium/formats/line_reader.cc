#include <utility>

#include "cambium/base/error.h"
#include "cambium/formats/streams.h"

namespace cambium::formats {

LineReader::LineReader(std::unique_ptr<InputStream> stream, std::string what, int64_t max_bytes)
    : stream_(std::move(stream)), what_(std::move(what)), max_bytes_(max_bytes) {}

void LineReader::skip(int64_t bytes, int64_t lines) {
  stream_->skip(bytes);
  position_ = bytes;
  line_number_ = lines;
}

bool LineReader::next(std::string& line) {
  constexpr size_t kReadBytes = size_t{256} << 10;
  size_t scanned = begin_;  // what lies before holds no line end
  while (true) {
    const size_t newline = buffer_.find('\n', scanned);
    const size_t end = newline == std::string::npos ? buffer_.size() : newline;
    if (static_cast<int64_t>(end - begin_) > max_bytes_) {
      bad_input("{}: line {}: longer than {} bytes", what_, line_number_ + 1, max_bytes_);
    }
    if (newline == std::string::npos && !end_) {
      buffer_.erase(0, begin_);
      begin_ = 0;
      scanned = buffer_.size();
      buffer_.resize(scanned + kReadBytes);
      const size_t got = stream_->read(buffer_.data() + scanned, kReadBytes);
      buffer_.resize(scanned + got);
      end_ = got == 0;
      continue;
    }
    if (newline == std::string::npos && begin_ == buffer_.size()) return false;
    line.assign(buffer_, begin_, end - begin_);
    if (newline != std::string::npos && line.ends_with('\r')) line.pop_back();
    const size_t behind = newline == std::string::npos ? buffer_.size() : newline + 1;
    position_ += static_cast<int64_t>(behind - begin_);
    begin_ = behind;
    ++line_number_;
    return true;
  }
}

}  // namespace cambium::formats
