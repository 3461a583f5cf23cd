#include "cambium/formats/tensorboard.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>
#include <string>

#include "cambium/base/format.h"
#include "cambium/base/host.h"
#include "cambium/formats/crc32c.h"

namespace cambium::formats {
namespace {

// Field numbers and wire types of the Event protobuf, as keys (number << 3 | type).
constexpr char kEventWallTime = 1 << 3 | 1;
constexpr char kEventStep = 2 << 3 | 0;
constexpr char kEventFileVersion = 3 << 3 | 2;
constexpr char kEventSummary = 5 << 3 | 2;
constexpr char kEventSessionLog = 7 << 3 | 2;
constexpr char kSummaryValue = 1 << 3 | 2;
constexpr char kValueTag = 1 << 3 | 2;
constexpr char kValueSimple = 2 << 3 | 5;
constexpr char kSessionStatus = 1 << 3 | 0;
constexpr char kSessionStart = 1;

template <typename T>
void append_fixed(std::string& out, T value) {
  const auto bytes = std::bit_cast<std::array<char, sizeof(T)>>(value);
  out.append(bytes.data(), bytes.size());
}

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void append_bytes(std::string& out, char key, std::string_view bytes) {
  out.push_back(key);
  append_varint(out, bytes.size());
  out.append(bytes);
}

std::string event_at(double wall_time, int64_t step) {
  std::string event;
  event.push_back(kEventWallTime);
  append_fixed(event, wall_time);
  event.push_back(kEventStep);
  append_varint(event, static_cast<uint64_t>(step));
  return event;
}

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

/// A name that no file has yet: a run restarted within the same second must not overwrite its own past.
std::filesystem::path new_event_file(const std::filesystem::path& directory) {
  for (int number = 0;; ++number) {
    std::filesystem::path path = directory / format("events.out.tfevents.{}.{}.{}.{}", static_cast<int64_t>(now()),
                                                    host_name(), ::getpid(), number);
    if (!std::filesystem::exists(path)) return path;
  }
}

}  // namespace

TensorBoardWriter::TensorBoardWriter(const std::filesystem::path& directory) : file_(new_event_file(directory)) {
  std::string event = event_at(now(), 0);
  append_bytes(event, kEventFileVersion, "brain.Event:2");
  record(event);
  flush();
}

void TensorBoardWriter::scalar(std::string_view tag, double value, int64_t step, double wall_time) {
  std::string entry;
  append_bytes(entry, kValueTag, tag);
  entry.push_back(kValueSimple);
  append_fixed(entry, static_cast<float>(value));
  std::string summary;
  append_bytes(summary, kSummaryValue, entry);
  std::string event = event_at(wall_time, step);
  append_bytes(event, kEventSummary, summary);
  record(event);
}

void TensorBoardWriter::resume(int64_t first_step, double wall_time) {
  std::string event = event_at(wall_time, first_step);
  append_bytes(event, kEventSessionLog, std::string{kSessionStatus, kSessionStart});
  record(event);
}

void TensorBoardWriter::flush() { file_.flush(); }

void TensorBoardWriter::record(std::string_view event) {
  std::string frame;
  append_fixed(frame, static_cast<uint64_t>(event.size()));
  append_fixed(frame, masked_crc32c(frame));
  frame.append(event);
  append_fixed(frame, masked_crc32c(event));
  file_.write(frame);
}

}  // namespace cambium::formats
