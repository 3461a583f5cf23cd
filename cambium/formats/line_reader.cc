#include <algorithm>
#include <cstring>
#include <string_view>
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

void LineReader::read_more() {
  constexpr size_t kFirst = size_t{16} << 10, kMost = size_t{256} << 10;
  if (begin_ > 0) {  // else a long line would be moved onto itself with every read
    std::memmove(buffer_.data(), buffer_.data() + begin_, filled_ - begin_);
    filled_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < kMost || buffer_.size() - filled_ < kMost / 2) {
    buffer_.resize(std::max(kFirst, 2 * buffer_.size()));
  }
  const size_t got = stream_->read(buffer_.data() + filled_, std::min(buffer_.size() - filled_, kMost));
  filled_ += got;
  end_ = got == 0;
}

bool LineReader::next(std::string& line) {
  size_t scanned = begin_;  // what lies before holds no line end
  while (true) {
    const std::string_view read(buffer_.data(), filled_);
    const size_t newline = read.find('\n', scanned);
    const size_t end = newline == std::string::npos ? filled_ : newline;
    if (static_cast<int64_t>(end - begin_) > max_bytes_) {
      bad_input("{}: line {}: longer than {} bytes", what_, line_number_ + 1, max_bytes_);
    }
    if (newline == std::string::npos && !end_) {
      scanned = filled_ - begin_;
      read_more();
      continue;
    }
    if (newline == std::string::npos && begin_ == filled_) return false;
    line.assign(read.substr(begin_, end - begin_));
    if (newline != std::string::npos && line.ends_with('\r')) line.pop_back();
    const size_t behind = newline == std::string::npos ? filled_ : newline + 1;
    position_ += static_cast<int64_t>(behind - begin_);
    begin_ = behind;
    ++line_number_;
    return true;
  }
}

}  // namespace cambium::formats
