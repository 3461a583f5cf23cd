#include "cambium/formats/safetensors.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "cambium/base/error.h"
#include "cambium/formats/json.h"
#include "tests/support/folder.h"
#include "tests/support/refusal.h"

namespace cambium::formats {
namespace {

std::string with_length(uint64_t length, std::string_view rest) {
  return std::string(reinterpret_cast<const char*>(&length), sizeof(length)).append(rest);
}

std::string file_of(std::string_view header, size_t data_bytes) {
  return with_length(header.size(), header).append(data_bytes, '\0');
}

std::string entry(std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return format(R"({{"dtype":"{}","shape":[{}],"data_offsets":[{}]}})", dtype, shape, offsets);
}

class Safetensors : public Folder {
 protected:
  std::string refusal_of(std::string_view bytes) const {
    const auto path = write("model.safetensors", bytes);
    const std::string message = refusal([&] { SafetensorsReader reader(path); });
    EXPECT_NE(message.find("model.safetensors"), std::string::npos) << message;
    return message;
  }
  void expect_refusal(std::string_view bytes, std::string_view part) const {
    const std::string message = refusal_of(bytes);
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  std::vector<float> read(const SafetensorsReader& reader, std::string_view name) const {
    const TensorInfo* tensor = reader.find(name);
    if (tensor == nullptr) throw Error("no such tensor");
    std::vector<float> values(static_cast<size_t>(tensor->numel()));
    reader.read_float32(*tensor, values);
    return values;
  }
};

TEST_F(Safetensors, WritesWhatItReads) {
  const auto path = folder_ / "a.safetensors";
  SafetensorsWriter writer(path,
                           {{"w", DType::kFloat32, {2, 3}},
                            {"empty", DType::kFloat32, {0, 7}},
                            {"b", DType::kBFloat16, {2}},
                            {"h", DType::kFloat16, {}},
                            {"raw", DType::kInt64, {1}}},
                           {{"format", "pt"}, {"step", "7"}});
  writer.write_float32(std::vector<float>{1, 2, 3, 4});
  writer.write_float32(std::vector<float>{5, -6});
  writer.write_float32(std::vector<float>{0.5f, 3});
  writer.write_float32(std::vector<float>{-0.25f});
  const int64_t number = -9;
  writer.write_raw(std::as_bytes(std::span(&number, 1)));
  writer.close();

  const SafetensorsReader reader(path);
  ASSERT_EQ(reader.tensors().size(), 5u);
  EXPECT_EQ(reader.find("w")->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(read(reader, "w"), (std::vector<float>{1, 2, 3, 4, 5, -6}));
  EXPECT_EQ(read(reader, "empty"), std::vector<float>{});
  EXPECT_EQ(read(reader, "b"), (std::vector<float>{0.5f, 3}));
  EXPECT_EQ(read(reader, "h"), std::vector<float>{-0.25f});
  int64_t back = 0;
  std::memcpy(&back, reader.data(*reader.find("raw")).data(), sizeof(back));
  EXPECT_EQ(back, number);
  EXPECT_EQ(reader.find("other"), nullptr);
  EXPECT_EQ(reader.metadata().at("step"), "7");

  const std::string bytes = read_file(path);
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof(length));
  EXPECT_EQ(length % 8, 0u);  // padded with spaces, so that the data is aligned
  EXPECT_EQ(bytes[8], '{');
}

TEST_F(Safetensors, WriterCountsItsBytes) {
  SafetensorsWriter writer(folder_ / "a", {{"w", DType::kFloat32, {2}}, {"b", DType::kBFloat16, {2}}});
  EXPECT_THROW(writer.write_float32(std::vector<float>(3)), Error);
  EXPECT_THROW(writer.close(), Error);
  writer.write_float32(std::vector<float>(2));
  EXPECT_THROW(writer.write_float32(std::vector<float>(3)), Error);
  writer.write_float32(std::vector<float>(2));
  EXPECT_THROW(writer.write_float32(std::vector<float>(1)), Error);
  EXPECT_NO_THROW(writer.close());
  EXPECT_THROW(SafetensorsWriter(folder_ / "b", {{"w", DType::kBool, {}}, {"w", DType::kBool, {}}}), Error);
  EXPECT_THROW(SafetensorsWriter(folder_ / "c", {{"w", DType::kFloat64, {1}}}).write_float32(std::vector<float>(1)),
               Error);
}

TEST_F(Safetensors, WriterRefusesValuesPastTheRange) {
  SafetensorsWriter half(folder_ / "h", {{"w", DType::kFloat16, {2}}});
  EXPECT_REFUSAL(half.write_float32(std::vector<float>{1, 65520}), "`w`", "65520", "float16");
  half.write_float32(std::vector<float>{65519, -65519});
  half.close();
  EXPECT_EQ(read(SafetensorsReader(folder_ / "h"), "w"), (std::vector<float>{65504, -65504}));
  SafetensorsWriter brain(folder_ / "b", {{"w", DType::kBFloat16, {1}}});
  EXPECT_REFUSAL(brain.write_float32(std::vector<float>{std::numeric_limits<float>::max()}), "bfloat16");
}

TEST_F(Safetensors, AcceptsEntriesInAnyOrderAndScalars) {
  const std::string header = format(R"({{"b":{},"__metadata__":{{"format":"pt"}},"a":{},"none":{},"huge":{}}}   )",
                                    entry("F32", "", "4, 8"), entry("U8", "2, 2", "0, 4"), entry("F16", "0", "8, 8"),
                                    entry("F16", "4611686018427387904, 4611686018427387904, 0", "8, 8"));
  const SafetensorsReader reader(write("model.safetensors", file_of(header, 8)));
  EXPECT_EQ(reader.tensors()[0].name, "a");
  EXPECT_EQ(reader.find("b")->numel(), 1);
  EXPECT_EQ(reader.find("none")->numel(), 0);
  EXPECT_EQ(reader.find("huge")->numel(), 0);
  EXPECT_TRUE(SafetensorsReader(write("none.safetensors", file_of("{}", 0))).tensors().empty());
}

TEST_F(Safetensors, RefusesLyingHeaders) {
  expect_refusal("", "8 bytes of header length");
  expect_refusal("1234567", "has 7 bytes");
  expect_refusal(with_length(100'000'001, "{}"), "over the limit");
  expect_refusal(with_length(~uint64_t{0}, "{}"), "over the limit");
  expect_refusal(with_length(3, "{}"), "only 2 bytes follow");
  expect_refusal(with_length(2, "[]"), "does not start with");
  expect_refusal(with_length(2, "{\""), "header");
  expect_refusal(file_of("{} ", 4), "the file holds 4");
  const auto one = [](std::string_view text) { return format(R"({{"w":{}}})", text); };
  expect_refusal(file_of(one(entry("F32", "2", "0, 8")), 7), "no range of the 7 bytes");
  expect_refusal(file_of(one(entry("F32", "2", "0, 8")), 9), "the file holds 9");
  expect_refusal(file_of(one(entry("F32", "3", "0, 8")), 8), "shape [3] of F32");
  expect_refusal(file_of(one(entry("F32", "2", "8, 0")), 8), "no range");
  expect_refusal(file_of(one(entry("F32", "2", "0, 8, 9")), 8), "no range");
  expect_refusal(file_of(one(entry("F32", "-2", "0, 8")), 8), "`shape`");
  expect_refusal(file_of(one(entry("F32", "2.0", "0, 8")), 8), "`shape`");
  expect_refusal(file_of(one(entry("F32", "4611686018427387904, 4", "0, 8")), 8), "shape");
  expect_refusal(file_of(one(entry("F32", "9223372036854775808", "0, 8")), 8), "`shape`");
  expect_refusal(file_of(one(entry("F8_E4M3", "8", "0, 8")), 8), "`F8_E4M3` is not supported");
  expect_refusal(file_of(one("{}"), 8), "`dtype`");
  expect_refusal(file_of(one("3"), 8), "expected a JSON object");
  expect_refusal(file_of(R"({"__metadata__":{"step":7}})", 0), "__metadata__");
  expect_refusal(file_of(R"({"__metadata__":[]})", 0), "__metadata__");
}

TEST_F(Safetensors, RefusesGapsOverlapsAndDuplicates) {
  const auto two = [](std::string_view a, std::string_view b) {
    return format(R"({{"a":{},"b":{}}})", entry("F32", "1", a), entry("F32", "1", b));
  };
  EXPECT_NO_THROW(SafetensorsReader(write("ok", file_of(two("4, 8", "0, 4"), 8))));
  expect_refusal(file_of(two("0, 4", "8, 12"), 12), "gap");
  expect_refusal(file_of(two("4, 8", "8, 12"), 12), "gap");
  expect_refusal(file_of(two("0, 4", "0, 4"), 4), "overlap");
  expect_refusal(file_of(two("0, 4", "2, 6"), 6), "overlap");
  const std::string e = entry("F32", "1", "0, 4");
  expect_refusal(file_of(format(R"({{"a":{},"a":{}}})", e, e), 4), "duplicate key `a`");
}

TEST_F(Safetensors, RefusesValuesThatAreNotFinite) {
  constexpr size_t kCount = 10'000, kBad = 8'191;
  const struct {
    DType dtype;
    std::vector<uint32_t> bad;
  } cases[] = {{DType::kFloat32, {0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001}},
               {DType::kBFloat16, {0x7f80, 0xff80, 0x7fc0, 0x7f81}},
               {DType::kFloat16, {0x7c00, 0xfc00, 0x7e00, 0x7c01}}};
  for (const auto& [dtype, bad_bits] : cases) {
    for (const uint32_t bits : bad_bits) {
      const auto width = static_cast<size_t>(dtype_bytes(dtype));
      std::string data(kCount * width, '\0');
      std::memcpy(data.data() + kBad * width, &bits, width);
      const auto path = folder_ / "w.safetensors";
      SafetensorsWriter writer(path, {{"pad", DType::kUInt8, {1}}, {"w", dtype, {100, 100}}});  // unaligned on purpose
      writer.write_raw(std::as_bytes(std::span("x", 1)));
      writer.write_raw(std::as_bytes(std::span(data)));
      writer.close();
      EXPECT_REFUSAL(read(SafetensorsReader(path), "w"), "w.safetensors", "`w`", "element 8191", "NaN or infinite");
    }
  }
}

TEST_F(Safetensors, ReadFloat32RefusesOtherTypesAndSizes) {
  const auto path = write("w", file_of(format(R"({{"w":{}}})", entry("I32", "1", "0, 4")), 4));
  EXPECT_REFUSAL(read(SafetensorsReader(path), "w"), "`w` is I32", "F32, BF16 or F16");
  const SafetensorsReader reader(write("v", file_of(format(R"({{"w":{}}})", entry("F32", "1", "0, 4")), 4)));
  std::vector<float> two(2);
  EXPECT_THROW(reader.read_float32(*reader.find("w"), two), Error);
}

TEST_F(Safetensors, SurvivesDamage) {
  const auto path = folder_ / "model.safetensors";
  SafetensorsWriter writer(path, {{"model.norm.weight", DType::kFloat32, {4}}, {"b", DType::kBFloat16, {2, 2}}});
  writer.write_float32(std::vector<float>(4, 1));
  writer.write_float32(std::vector<float>(4, 2));
  writer.close();
  const std::string valid = read_file(path);
  std::mt19937_64 random(5);
  int read_through = 0, refused = 0;
  for (int round = 0; round < 500; ++round) {
    std::string bytes = valid;
    for (uint64_t flips = 1 + random() % 3; flips > 0; --flips) {
      bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    }
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    if (random() % 8 == 0) bytes.push_back('x');
    write("model.safetensors", bytes);
    try {
      const SafetensorsReader reader(path);
      for (const TensorInfo& tensor : reader.tensors()) read(reader, tensor.name);
      ++read_through;
    } catch (const InvalidInput&) {
      ++refused;
    }
  }
  EXPECT_GT(read_through, 0);
  EXPECT_GT(refused, 0);
}

TEST_F(Safetensors, ReadsTheSharedModel) {
  const std::filesystem::path path =
      std::filesystem::path(CAMBIUM_SHARED_DIR) / "data/weights/stories260K-hf/model.safetensors";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no shared data beside the repository";
  const SafetensorsReader reader(path);
  EXPECT_EQ(reader.tensors().size(), 2u + 5u * 9u);
  EXPECT_EQ(reader.metadata().at("format"), "pt");
  EXPECT_EQ(reader.find("model.embed_tokens.weight")->shape, (std::vector<int64_t>{512, 64}));
  EXPECT_EQ(read(reader, "model.embed_tokens.weight").size(), 512u * 64u);
}

}  // namespace
}  // namespace cambium::formats
