#include "cambium/formats/streams.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>
#include <vector>

#include "cambium/base/error.h"
#include "tests/support/folder.h"
#include "tests/support/refusal.h"

namespace cambium::formats {
namespace {

std::string gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string skippable_frame() { return std::string("\x50\x2a\x4d\x18\x03\x00\x00\x00", 8) + "xyz"; }

/// Text that does not compress away, longer than the buffers.
std::string long_text() {
  std::mt19937_64 random(7);
  std::string text;
  while (text.size() < 1'500'000) text += std::to_string(random()) + (random() % 5 == 0 ? "\n" : " ");
  return text;
}

class Streams : public Folder {
 protected:
  static std::string read_all(const std::filesystem::path& path, size_t piece = 65'536) {
    const auto stream = open_input(path);
    std::string out;
    std::vector<char> buffer(piece);
    while (const size_t got = stream->read(buffer.data(), buffer.size())) out.append(buffer.data(), got);
    EXPECT_EQ(stream->read(buffer.data(), buffer.size()), 0u);
    EXPECT_EQ(stream->consumed(), static_cast<int64_t>(std::filesystem::file_size(path)));
    return out;
  }
  static std::vector<std::string> lines_of(const std::filesystem::path& path) {
    LineReader reader(open_input(path), path.string());
    std::vector<std::string> lines;
    for (std::string line; reader.next(line);) {
      lines.push_back(line);
      EXPECT_EQ(reader.line_number(), static_cast<int64_t>(lines.size()));
    }
    return lines;
  }
};

TEST_F(Streams, ReadsPlainGzipAndZstdByContent) {
  const std::string text = long_text();
  EXPECT_EQ(read_all(write("plain.gz", text)), text);  // the name does not matter
  EXPECT_EQ(read_all(write("a", gzip(text))), text);
  EXPECT_EQ(read_all(write("b", zstd(text))), text);
  for (const char* whole : {"plain.gz", "a", "b"}) {
    EXPECT_EQ(read_input(folder_ / whole), text) << whole;
    EXPECT_EQ(read_input(folder_ / whole, std::ssize(text)), text) << whole;
    EXPECT_REFUSAL(read_input(folder_ / whole, std::ssize(text) - 1), whole, "holds more than");
  }
  for (const std::string_view small : {"", "a", "\n", "abc", "\x1f", "\x28\xb5\x2f"}) {
    EXPECT_EQ(read_all(write("small", small), 1), small);
    EXPECT_EQ(read_all(write("small", gzip(small)), 1), small);
    EXPECT_EQ(read_all(write("small", zstd(small)), 1), small);
  }
}

TEST_F(Streams, ReadsConcatenatedMembersAndFrames) {
  const std::string text = long_text();
  EXPECT_EQ(read_all(write("a", gzip("one ") + gzip("") + gzip(text) + gzip("three"))), "one " + text + "three");
  EXPECT_EQ(read_all(write("b", zstd("one ") + zstd("") + zstd(text) + zstd("three"))), "one " + text + "three");
  EXPECT_EQ(read_all(write("c", skippable_frame() + zstd("one ") + skippable_frame() + zstd("two"))), "one two");
  EXPECT_EQ(read_all(write("d", gzip("padded") + std::string(1'000'000, '\0'))), "padded");
}

TEST_F(Streams, RefusesTruncatedStreamsAtEveryByte) {
  for (const std::string& whole : {gzip("some text, and more text"), zstd("some text, and more text")}) {
    for (size_t size = 4; size < whole.size(); ++size) {
      EXPECT_REFUSAL(read_all(write("cut.bin", whole.substr(0, size))), "cut.bin", format("byte {}", size));
    }
  }
}

TEST_F(Streams, RefusesWhatFollowsAStream) {
  EXPECT_REFUSAL(read_all(write("a", gzip("x") + "trailing")), "behind the gzip stream");
  EXPECT_REFUSAL(read_all(write("a", gzip("x") + std::string(8, '\0') + gzip("y"))), "behind the gzip stream");
  EXPECT_REFUSAL(read_all(write("b", zstd("x") + "trailing")), "corrupt zstd stream");
}

TEST_F(Streams, RefusesMissingFilesAndFolders) {
  EXPECT_REFUSAL(open_input(folder_ / "gone.jsonl"), "gone.jsonl", "No such file");
  EXPECT_REFUSAL(open_input(folder_), "folder");
}

TEST_F(Streams, RefusesAWindowThatOnlyTheHeaderAsksFor) {
  // A frame header with a window of 2 TiB; nothing behind it needs that.
  EXPECT_REFUSAL(read_all(write("w", std::string("\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00", 9))), "zstd");
}

TEST_F(Streams, SurvivesDamage) {
  const std::string text = long_text().substr(0, 3000);
  std::mt19937_64 random(9);
  int refused = 0;
  for (const std::string& whole : {gzip(text) + gzip(text), zstd(text) + zstd(text)}) {
    for (int round = 0; round < 250; ++round) {
      std::string bytes = whole;
      for (uint64_t flips = 1 + random() % 3; flips > 0; --flips) {
        bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
      }
      if (random() % 4 == 0) bytes.resize(random() % bytes.size());
      try {
        read_all(write("damaged", bytes));
      } catch (const InvalidInput&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 250);
}

TEST_F(Streams, SplitsLines) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(lines_of(write("a", "")), Lines{});
  EXPECT_EQ(lines_of(write("b", "one\ntwo")), (Lines{"one", "two"}));
  EXPECT_EQ(lines_of(write("c", "one\r\n\r\ntwo\n")), (Lines{"one", "", "two"}));
  EXPECT_EQ(lines_of(write("d", "\n\n")), (Lines{"", ""}));
  EXPECT_EQ(lines_of(write("e", std::string("a\0b\rc\n", 6))), (Lines{std::string("a\0b\rc", 5)}));
  const std::string large(3'000'000, 'x');
  EXPECT_EQ(lines_of(write("f", "short\n" + large + "\n" + large)), (Lines{"short", large, large}));
  std::string joined;
  const std::string text = long_text();
  for (const std::string& line : lines_of(write("g", zstd(text)))) joined += line + "\n";
  EXPECT_EQ(joined, text.ends_with('\n') ? text : text + "\n");
}

TEST_F(Streams, RefusesOverlongLines) {
  const auto path = write("long.jsonl", "ok\n" + std::string(1000, 'x') + "\n");
  LineReader reader(open_input(path), "long.jsonl", 999);
  std::string line;
  ASSERT_TRUE(reader.next(line));
  EXPECT_REFUSAL(reader.next(line), "long.jsonl", "line 2", "999 bytes");
  LineReader exact(open_input(path), "long.jsonl", 1000);
  EXPECT_TRUE(exact.next(line) && exact.next(line));
  EXPECT_FALSE(exact.next(line));
}

}  // namespace
}  // namespace cambium::formats
