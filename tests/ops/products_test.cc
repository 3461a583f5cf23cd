#include "cambium/ops/products.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "cambium/ops/product_choice.h"
#include "tests/support/temporary_folder.h"

namespace cambium::ops {
namespace {

namespace fs = std::filesystem;

class ProductCache : public testing::Test {
 protected:
  void write(const char* text) const {
    fs::create_directories(file_.parent_path());
    std::ofstream(file_) << text;
  }
  TemporaryFolder folder_;
  fs::path file_ = folder_ / "a" / "products.json";
};

constexpr ProductChoice kMixed{true, false, true};

TEST_F(ProductCache, KeepsChoicesByTheirKeys) {
  EXPECT_FALSE(read_choice(file_, "one").has_value());
  keep_choice(file_, "one", kMixed);
  keep_choice(file_, "two", {false, false, false});
  EXPECT_EQ(read_choice(file_, "one"), kMixed);
  EXPECT_EQ(read_choice(file_, "two"), (ProductChoice{false, false, false}));
  EXPECT_FALSE(read_choice(file_, "three").has_value());
}

TEST_F(ProductCache, TakesABrokenFileForNone) {
  for (const char* text : {"", "{", "[1]", "{\"one\": 7}", R"({"one": {"forward": "own"}})",
                           R"({"one": {"forward": "own", "input_grad": "own", "weight_grad": 3}})"}) {
    write(text);
    EXPECT_FALSE(read_choice(file_, "one").has_value()) << text;
    EXPECT_NO_THROW(keep_choice(file_, "one", kMixed)) << text;
    EXPECT_EQ(read_choice(file_, "one"), kMixed) << text;
  }
}

TEST_F(ProductCache, IsNotMissedWhereItCannotBeWritten) {
  std::ofstream(folder_ / "a") << "a file where a folder should be";
  EXPECT_NO_THROW(keep_choice(file_, "one", kMixed));
  EXPECT_FALSE(read_choice(file_, "one").has_value());
}

TEST(ProductChoice, IsMeasuredForBothTypes) {
  for (const auto type : {c10::ScalarType::Float, c10::ScalarType::BFloat16}) {
    EXPECT_NO_THROW(measure_products(type));
  }
  EXPECT_NE(product_key(c10::ScalarType::Float), product_key(c10::ScalarType::BFloat16));
}

TEST(ProductChoice, CanBeForced) {
  const char* forced = std::getenv("CAMBIUM_PRODUCTS");
  if (forced == nullptr) {
    GTEST_SKIP() << "CAMBIUM_PRODUCTS is not set";
  }
  for (const auto type : {c10::ScalarType::Float, c10::ScalarType::BFloat16}) {
    EXPECT_EQ(describe_products(type), forced);
    EXPECT_EQ(own_products(Product::kWeightGrad, type), std::string(forced) == "own");
  }
}

}  // namespace
}  // namespace cambium::ops
