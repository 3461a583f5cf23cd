#include <algorithm>
#include <numeric>

#include "tests/cuda/kernel_test.h"

namespace cambium::ops::cuda {
namespace {

struct Shape {
  int64_t rows, vocab, d, offset;
};
constexpr Shape kShapes[] = {{1, 5, 12, 0},    {7, 3, 64, 0},   {513, 20, 12, 0}, {40, 7, 257, 0},
                             {9, 50, 2048, 0}, {64, 1, 100, 0}, {30, 100, 64, 1}};

/// Random ids, sorted as embedding_backward wants them.
struct Tokens {
  std::vector<int32_t> ids, sorted;
  std::vector<int64_t> order;

  Tokens(Random& random, int64_t rows, int64_t vocab) {
    for (int64_t row = 0; row < rows; ++row) {
      ids.push_back(static_cast<int32_t>(random.below(vocab)));
    }
    order.resize(ids.size());
    std::iota(order.begin(), order.end(), 0);
    const auto id_of = [&](int64_t row) { return ids[static_cast<size_t>(row)]; };
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return id_of(a) < id_of(b); });
    std::transform(order.begin(), order.end(), std::back_inserter(sorted), id_of);
  }
};

TEST(Embedding, CopiesRows) {
  Random random;
  for (const auto& [rows, vocab, d, offset] : kShapes) {
    SCOPED_TRACE(testing::Message() << rows << " rows of " << d << ", offset " << offset);
    const Tokens tokens(random, rows, vocab);
    Buffer<float> table(random.normal(vocab * d), offset), h(rows * d);
    std::vector<double> wanted;
    for (const int32_t id : tokens.ids) {
      for (int64_t i = 0; i < d; ++i) {
        wanted.push_back(table[id * d + i]);
      }
    }
    embedding(kStream, table.data(), tokens.ids.data(), rows, d, h.data());
    EXPECT_TRUE(close(h, wanted, {0.0, 0.0}));
  }
}

TEST(Embedding, BackwardAddsInTheOrderOfTheRows) {
  Random random;
  for (const auto& [rows, vocab, d, offset] : kShapes) {
    SCOPED_TRACE(testing::Message() << rows << " rows of " << d << ", offset " << offset);
    const Tokens tokens(random, rows, vocab);
    Buffer<float> dh(random.normal(rows * d), offset), dtable(random.normal(vocab * d));
    Buffer<float> wanted = dtable;
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t i = 0; i < d; ++i) {
        wanted.data()[tokens.ids[static_cast<size_t>(row)] * d + i] += dh.data()[row * d + i];
      }
    }
    const Buffer<float> before = dtable;
    embedding_backward(kStream, dh.data(), tokens.sorted.data(), tokens.order.data(), rows, d, dtable.data());
    EXPECT_EQ(dtable.bytes(), wanted.bytes());
    EXPECT_TRUE(dtable.guards_are_intact());
    expect_same_bits([&, rows = rows, d = d] {
      Buffer<float> again = before;
      embedding_backward(kStream, dh.data(), tokens.sorted.data(), tokens.order.data(), rows, d, again.data());
      return again.bytes();
    });
  }
}

}  // namespace
}  // namespace cambium::ops::cuda
