#include "cambium/formats/tensorboard.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <vector>

#include "cambium/formats/crc32c.h"
#include "tests/support/folder.h"

namespace cambium::formats {
namespace {

template <typename T>
T fixed(std::string_view& bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), sizeof(T));
  bytes.remove_prefix(sizeof(T));
  return value;
}

uint64_t varint(std::string_view& bytes) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
}

/// One protobuf field: its number and its payload (numbers as their 8 bytes).
struct Field {
  uint64_t number;
  std::string payload;
};

std::vector<Field> fields_of(std::string_view message) {
  std::vector<Field> fields;
  while (!message.empty()) {
    const uint64_t key = varint(message);
    Field field{key >> 3, ""};
    if ((key & 7) == 0) {
      const uint64_t value = varint(message);
      field.payload.assign(reinterpret_cast<const char*>(&value), 8);
    } else {
      const size_t size = (key & 7) == 1 ? 8 : (key & 7) == 5 ? 4 : varint(message);
      field.payload = message.substr(0, size);
      message.remove_prefix(size);
    }
    fields.push_back(field);
  }
  return fields;
}

std::string payload_of(std::string_view message, uint64_t number) {
  for (const Field& field : fields_of(message)) {
    if (field.number == number) return field.payload;
  }
  ADD_FAILURE() << "no field " << number;
  return {};
}

template <typename T>
T value_of(std::string_view message, uint64_t number) {
  const std::string payload = payload_of(message, number);
  std::string_view view = payload;
  return fixed<T>(view);
}

/// The events of a file, with both checksums of every frame verified.
std::vector<std::string> events_of(const std::filesystem::path& path) {
  const std::string file = read_file(path);
  std::string_view rest = file;
  std::vector<std::string> events;
  while (!rest.empty()) {
    const std::string_view length_bytes = rest.substr(0, 8);
    const auto length = fixed<uint64_t>(rest);
    EXPECT_EQ(fixed<uint32_t>(rest), masked_crc32c(length_bytes));
    events.emplace_back(rest.substr(0, length));
    rest.remove_prefix(length);
    EXPECT_EQ(fixed<uint32_t>(rest), masked_crc32c(events.back()));
  }
  return events;
}

TEST(Crc32c, PublishedVectors) {  // RFC 3720, B.4
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

class TensorBoard : public Folder {
 protected:
  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) paths.push_back(entry.path());
    return paths;
  }
};

TEST_F(TensorBoard, WritesVersionAndScalars) {
  TensorBoardWriter writer(folder_);
  writer.scalar("train/loss", 2.75, 300, 1.5e9);
  writer.scalar("lr", 1e-3, int64_t{1} << 40, 1.5e9);
  writer.flush();
  ASSERT_EQ(files().size(), 1u);
  EXPECT_TRUE(files()[0].filename().string().starts_with("events.out.tfevents."));
  const std::vector<std::string> events = events_of(files()[0]);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(payload_of(events[0], 3), "brain.Event:2");
  EXPECT_GT(value_of<double>(events[0], 1), 1.6e9);

  EXPECT_EQ(value_of<double>(events[1], 1), 1.5e9);
  EXPECT_EQ(value_of<int64_t>(events[1], 2), 300);
  const std::string value = payload_of(payload_of(events[1], 5), 1);
  EXPECT_EQ(payload_of(value, 1), "train/loss");
  EXPECT_EQ(value_of<float>(value, 2), 2.75f);
  EXPECT_EQ(value_of<int64_t>(events[2], 2), int64_t{1} << 40);
}

TEST_F(TensorBoard, ResumingOpensAnotherFileAndMarksTheStep) {
  TensorBoardWriter first(folder_);
  const auto before = files();
  TensorBoardWriter second(folder_);
  second.resume(120, 1.5e9);
  second.flush();
  ASSERT_EQ(files().size(), 2u);
  for (const auto& path : files()) {
    if (path == before[0]) continue;
    const std::vector<std::string> events = events_of(path);
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(value_of<int64_t>(events[1], 2), 120);
    EXPECT_EQ(value_of<int64_t>(payload_of(events[1], 7), 1), 1);  // SessionLog.START
  }
}

}  // namespace
}  // namespace cambium::formats
