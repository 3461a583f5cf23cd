#include "cambium/dist/hand_over.h"

#include <cstdlib>
#include <utility>

#include "cambium/base/format.h"
#include "cambium/dist/store_text.h"

namespace cambium::dist {
namespace {

/// A TCPStore takes no values over 8 MiB.
constexpr size_t kPartBytes = size_t{4} << 20;

std::string piece_key(int64_t rank, int64_t number) { return format("{}/{}", rank, number); }
std::string part_key(const std::string& piece, int64_t number) { return format("{}/{}", piece, number); }

}  // namespace

HandOver::HandOver(c10::intrusive_ptr<c10d::Store> store, Partition place)
    : store_(std::move(store)), rank_(place.rank), num_taken_(static_cast<size_t>(place.size), 0) {}

void HandOver::give(const std::string& bytes) {
  const std::string key = piece_key(rank_, num_given_++);
  int64_t parts = 0;
  for (size_t at = 0; at < bytes.size(); at += kPartBytes) {
    store_->set(part_key(key, parts++), bytes_of(bytes.substr(at, kPartBytes)));
  }
  store_->set(key, bytes_of(std::to_string(parts)));  // last: where this is, the parts are
  untaken_.push_back({key, static_cast<int64_t>(bytes.size())});
}

int64_t HandOver::untaken() {
  while (!untaken_.empty() && !store_->check({untaken_.front().key})) {
    untaken_.pop_front();
  }
  int64_t bytes = 0;
  for (const Given& given : untaken_) {
    bytes += given.bytes;
  }
  return bytes;
}

std::optional<std::string> HandOver::take(int64_t rank) {
  int64_t& taken = num_taken_[static_cast<size_t>(rank)];
  const std::string key = piece_key(rank, taken);
  if (!store_->check({key})) {
    return std::nullopt;
  }
  const int64_t parts = std::atoll(text_of(store_->get(key)).c_str());
  std::string bytes;
  for (int64_t part = 0; part < parts; ++part) {
    bytes += text_of(store_->get(part_key(key, part)));
    store_->deleteKey(part_key(key, part));
  }
  store_->deleteKey(key);
  ++taken;
  return bytes;
}

}  // namespace cambium::dist
