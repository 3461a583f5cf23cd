#include "cambium/ops/attention.h"

#include <ostream>

#include "tests/ops/op_test.h"
#include "tests/ops/twins.h"

namespace cambium::ops {
namespace {

struct Shape {
  int64_t batch, seq, heads, key_heads, head_dim;
};

std::ostream& operator<<(std::ostream& out, const Shape& s) {
  return out << "batch " << s.batch << ", seq " << s.seq << ", heads " << s.heads << "/" << s.key_heads << ", head_dim "
             << s.head_dim;
}

constexpr Shape kShapes[] = {
    {3, 1, 4, 2, 12}, {2, 7, 6, 2, 12}, {1, 64, 2, 1, 16}, {2, 65, 4, 4, 12}, {1, 65, 15, 5, 64}, {1, 513, 3, 1, 20},
};

/// q, k and v as the model has them: views of packed rows q|k|v.
struct Packed {
  Packed(const Shape& s, const at::Tensor& all) : packed(all) {
    q = packed.narrow(2, 0, s.heads);
    k = packed.narrow(2, s.heads, s.key_heads);
    v = packed.narrow(2, s.heads + s.key_heads, s.key_heads);
  }
  static std::vector<int64_t> sizes(const Shape& s) { return {s.batch, s.seq, s.heads + 2 * s.key_heads, s.head_dim}; }
  at::Tensor packed, q, k, v;
};

class Attention : public OpTest {
 protected:
  /// In bfloat16 the probabilities are rounded before they meet the values.
  static Tolerance forward_tolerance() {
    return type() == at::kFloat ? Tolerance{1e-5, 2e-6} : Tolerance{0x1p-8, 0x1p-9};
  }
  static Tolerance lse_tolerance() { return type() == at::kFloat ? Tolerance{1e-6, 1e-6} : Tolerance{5e-6, 5e-6}; }
  /// The backward sees an output that was rounded: its product with dout is off by some 2^-8, at the worst of many. The
  /// gradients of a single token's query and key are zero.
  static Tolerance backward_tolerance() {
    return type() == at::kFloat ? Tolerance{2e-5, 3e-6, 3e-7} : Tolerance{0x1p-7, 0x1p-7, 3e-7};
  }
};

TEST_P(Attention, ForwardAndBackwardAreTheTwins) {
  for (const Shape& s : kShapes) {
    SCOPED_TRACE(testing::Message() << s);
    const Packed in(s, random(Packed::sizes(s)));
    const std::vector<int64_t> out_sizes{s.batch, s.seq, s.heads, s.head_dim};
    at::Tensor out = unwritten(out_sizes), lse = unwritten({s.batch, s.heads, s.seq}, at::kFloat);
    attention(in.q, in.k, in.v, out, lse);
    const at::Tensor dout = random(out_sizes);
    Packed grad(s, unwritten(Packed::sizes(s)));
    attention_backward(dout, in.q, in.k, in.v, out, lse, grad.q, grad.k, grad.v);

    const Packed exact(s, leaf(in.packed));
    const twins::Attention wanted = twins::attention(exact.q, exact.k, exact.v);
    wanted.out.backward(dout.to(at::kDouble));
    EXPECT_TRUE(close(out, wanted.out, forward_tolerance()));
    EXPECT_TRUE(close(lse, wanted.lse, lse_tolerance()));
    const Packed wanted_grad(s, exact.packed.grad());
    EXPECT_TRUE(close(grad.q, wanted_grad.q, backward_tolerance()));
    EXPECT_TRUE(close(grad.k, wanted_grad.k, backward_tolerance()));
    EXPECT_TRUE(close(grad.v, wanted_grad.v, backward_tolerance()));
  }
}

TEST_P(Attention, OfNewQueriesSeesTheCache) {
  constexpr int64_t kRoom = 600;
  struct Step {
    int64_t queries, keys;
  };
  for (const auto& [queries, keys] : {Step{1, 1}, Step{1, 66}, Step{7, 65}, Step{64, 65}, Step{65, 513}}) {
    SCOPED_TRACE(testing::Message() << queries << " queries, " << keys << " keys");
    const Shape s{2, queries, 6, 2, 12};
    const Packed in(s, random(Packed::sizes(s)));
    // Behind what is held, a cache was never written.
    at::Tensor cached_keys = unwritten({s.batch, kRoom, s.key_heads, s.head_dim});
    at::Tensor cached_values = cached_keys.clone();
    const at::Tensor k = cached_keys.narrow(1, 0, keys), v = cached_values.narrow(1, 0, keys);
    k.copy_(random(k.sizes()));
    v.copy_(random(v.sizes()));
    at::Tensor out = unwritten({s.batch, queries, s.heads, s.head_dim});
    at::Tensor lse = unwritten({s.batch, s.heads, queries}, at::kFloat);
    attention(in.q, k, v, out, lse);
    const twins::Attention wanted = twins::attention(in.q.to(at::kDouble), k.to(at::kDouble), v.to(at::kDouble));
    EXPECT_TRUE(close(out, wanted.out, forward_tolerance()));
    EXPECT_TRUE(close(lse, wanted.lse, lse_tolerance()));
  }
}

TEST_P(Attention, OfSegmentsIsThatOfEachAlone) {
  const Shape s{2, 130, 6, 2, 12};
  const std::vector<Segment> segments{{0, 0, 1}, {0, 1, 66}, {0, 66, 130}, {1, 0, 128}, {1, 128, 130}};
  const Packed in(s, random(Packed::sizes(s)));
  const at::Tensor dout = random({s.batch, s.seq, s.heads, s.head_dim});
  at::Tensor out = unwritten(dout.sizes()), lse = unwritten({s.batch, s.heads, s.seq}, at::kFloat);
  attention(in.q, in.k, in.v, out, lse, segments);
  Packed grad(s, unwritten(Packed::sizes(s)));
  attention_backward(dout, in.q, in.k, in.v, out, lse, grad.q, grad.k, grad.v, segments);
  for (const auto& [batch, begin, end] : segments) {
    SCOPED_TRACE(testing::Message() << "entry " << batch << ", tokens " << begin << " to " << end);
    const auto cut = [&, entry = batch, from = begin, count = end - begin](const at::Tensor& x) {
      return x.narrow(0, entry, 1).narrow(1, from, count);
    };
    const Shape alone{1, end - begin, s.heads, s.key_heads, s.head_dim};
    const Packed piece(alone, cut(in.packed).contiguous());
    at::Tensor piece_out = unwritten({1, alone.seq, s.heads, s.head_dim});
    at::Tensor piece_lse = unwritten({1, s.heads, alone.seq}, at::kFloat);
    attention(piece.q, piece.k, piece.v, piece_out, piece_lse);
    EXPECT_TRUE(at::equal(cut(out), piece_out));
    EXPECT_TRUE(at::equal(lse.narrow(0, batch, 1).narrow(2, begin, alone.seq), piece_lse));
    Packed piece_grad(alone, unwritten(Packed::sizes(alone)));
    attention_backward(cut(dout).contiguous(), piece.q, piece.k, piece.v, piece_out, piece_lse, piece_grad.q,
                       piece_grad.k, piece_grad.v);
    EXPECT_TRUE(at::equal(cut(grad.packed), piece_grad.packed));
  }
}

TEST_P(Attention, HoldsForScoresFarApart) {
  const Shape s{1, 65, 2, 1, 12};
  const Packed in(s, random(Packed::sizes(s)) * 30);  // scores of some thousands: exp would overflow
  at::Tensor out = unwritten({1, 65, 2, 12}), lse = unwritten({1, 2, 65}, at::kFloat);
  attention(in.q, in.k, in.v, out, lse);
  const twins::Attention wanted = twins::attention(in.q.to(at::kDouble), in.k.to(at::kDouble), in.v.to(at::kDouble));
  // Scores have an error of their size times 2^-24, which is one of the probabilities too.
  EXPECT_TRUE(close(out, wanted.out, type() == at::kFloat ? Tolerance{1e-3, 1e-4} : Tolerance{0x1p-8, 1e-3}));
  EXPECT_TRUE(close(lse, wanted.lse, lse_tolerance()));
}

TEST_P(Attention, GivesTheSameBitsTwice) {
  const Shape s{2, 129, 6, 2, 12};
  const Packed in(s, random(Packed::sizes(s)));
  const at::Tensor dout = random({s.batch, s.seq, s.heads, s.head_dim});
  expect_same_bits_twice([&] {
    at::Tensor out = unwritten(dout.sizes()), lse = unwritten({s.batch, s.heads, s.seq}, at::kFloat);
    attention(in.q, in.k, in.v, out, lse);
    Packed grad(s, unwritten(Packed::sizes(s)));
    attention_backward(dout, in.q, in.k, in.v, out, lse, grad.q, grad.k, grad.v);
    return std::vector{out, lse, grad.packed};
  });
}

INSTANTIATE_OP_TEST(Attention);

}  // namespace
}  // namespace cambium::ops
