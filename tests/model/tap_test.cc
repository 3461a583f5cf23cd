#include "cambium/model/tap.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "tests/model/small_model.h"

namespace cambium::model {
namespace {

/// Keeps a copy of everything it sees, and lets the test change it first.
class Recorder : public Tap {
 public:
  using Change = std::function<void(Point point, int64_t place, at::Tensor& value)>;
  explicit Recorder(Change change = {}) : change_(std::move(change)) {}
  void see(Point point, int64_t place, int64_t layer, at::Tensor value) override {
    if (change_) {
      change_(point, place, value);
    }
    calls.push_back({point, place});
    layers[place] = layer;
    seen[{point, place}] = value.clone();
  }
  at::Tensor at(Point point, int64_t place) const { return seen.at({point, place}); }

  std::vector<std::pair<Point, int64_t>> calls;
  std::map<int64_t, int64_t> layers;
  std::map<std::pair<Point, int64_t>, at::Tensor> seen;

 private:
  Change change_;
};

constexpr int64_t kBatch = 2, kSeq = 9, kLayers = 3, kHidden = 60;

class Taps : public testing::TestWithParam<Precision> {
 protected:
  Taps() : model_(small_model(small_config(kLayers), GetParam())), ids_(some_ids(kBatch, kSeq)), forward_(model_) {}
  at::Tensor run(Tap& tap, const std::vector<int>& order = {}) {
    return forward_.hidden(ids_, Forward::Options{.order = order, .tap = &tap}).clone();
  }

  Llama model_;
  at::Tensor ids_;
  Forward forward_;
};

TEST_P(Taps, SeeEveryPointOfEveryLayerInOrder) {
  Recorder tap;
  run(tap, {2, 0});
  std::vector<std::pair<Point, int64_t>> wanted;
  for (const int64_t place : {0, 1}) {
    for (const Point point : {Point::kLayerInput, Point::kAttentionOutput, Point::kMlpOutput, Point::kLayerOutput}) {
      wanted.emplace_back(point, place);
    }
  }
  EXPECT_EQ(tap.calls, wanted);
  EXPECT_EQ(tap.layers, (std::map<int64_t, int64_t>{{0, 2}, {1, 0}}));
}

TEST_P(Taps, SeeTheResidualStreamAndWhatIsAddedToIt) {
  Recorder tap;
  const at::Tensor hidden = run(tap), untouched = forward_.hidden(ids_).clone();
  EXPECT_TRUE(at::equal(hidden, untouched));
  EXPECT_TRUE(at::equal(tap.at(Point::kLayerInput, 0),
                        model_.embedding().index_select(0, ids_.flatten()).view({kBatch, kSeq, kHidden})));
  for (int64_t place = 0; place < kLayers; ++place) {
    const at::Tensor in = tap.at(Point::kLayerInput, place), out = tap.at(Point::kLayerOutput, place);
    const at::Tensor attention = tap.at(Point::kAttentionOutput, place), mlp = tap.at(Point::kMlpOutput, place);
    EXPECT_EQ(in.scalar_type(), at::kFloat);
    EXPECT_EQ(attention.scalar_type(), compute_type(GetParam()));
    EXPECT_TRUE(at::equal(out, in + attention.to(at::kFloat) + mlp.to(at::kFloat))) << place;
    EXPECT_GT(attention.abs().max().item<double>(), 0.0);
    EXPECT_GT(mlp.abs().max().item<double>(), 0.0);
    if (place > 0) {
      EXPECT_TRUE(at::equal(in, tap.at(Point::kLayerOutput, place - 1))) << place;
    }
  }
}

TEST_P(Taps, OverwritingBothSublayersSkipsTheLayer) {
  Recorder tap([](Point point, int64_t place, at::Tensor& value) {
    if (place == 1 && (point == Point::kAttentionOutput || point == Point::kMlpOutput)) {
      value.zero_();
    }
  });
  const at::Tensor hidden = run(tap);
  EXPECT_TRUE(at::equal(tap.at(Point::kLayerOutput, 1), tap.at(Point::kLayerInput, 1)));
  EXPECT_TRUE(at::equal(hidden, forward_.hidden(ids_, Forward::Options{.order = std::vector<int>{0, 2}})));
}

TEST_P(Taps, OverwrittenLayerOutputIsTheNextLayersInput) {
  const at::Tensor replacement = at::ones({kBatch, kSeq, kHidden});
  Recorder at_output([&](Point point, int64_t place, at::Tensor& value) {
    if (place == 0 && point == Point::kLayerOutput) {
      value.copy_(replacement);
    }
  });
  Recorder at_input([&](Point point, int64_t place, at::Tensor& value) {
    if (place == 1 && point == Point::kLayerInput) {
      value.copy_(replacement);
    }
  });
  const at::Tensor hidden = run(at_output);
  EXPECT_TRUE(at::equal(at_output.at(Point::kLayerInput, 1), replacement));
  EXPECT_TRUE(at::equal(run(at_input), hidden));
  EXPECT_FALSE(at::equal(forward_.hidden(ids_), hidden));
}

TEST_P(Taps, OverwritingTheLastOutputChangesWhatTheHeadSees) {
  Recorder tap([](Point point, int64_t place, at::Tensor& value) {
    if (place == kLayers - 1 && point == Point::kLayerOutput) {
      value.fill_(2.0);
    }
  });
  const at::Tensor hidden = run(tap).to(at::kFloat);
  EXPECT_LT((hidden - model_.final_norm()).abs().max().item<double>(), 1e-5);  // constant rows become ones
}

TEST_P(Taps, OverwritingAPositionReachesOnlyItAndWhatComesLater) {
  constexpr int64_t kAt = 4;
  Recorder tap([](Point point, int64_t place, at::Tensor& value) {
    if (place == 0 && point == Point::kAttentionOutput) {
      value[0][kAt].fill_(1.0);
    }
  });
  const at::Tensor changed = run(tap).view({kBatch, kSeq, kHidden});
  const at::Tensor plain = forward_.hidden(ids_).view({kBatch, kSeq, kHidden});
  EXPECT_TRUE(at::equal(changed[1], plain[1]));
  EXPECT_TRUE(at::equal(changed[0].narrow(0, 0, kAt), plain[0].narrow(0, 0, kAt)));
  for (int64_t position = kAt; position < kSeq; ++position) {
    EXPECT_FALSE(at::equal(changed[0][position], plain[0][position])) << position;
  }
}

INSTANTIATE_TEST_SUITE_P(In, Taps, testing::Values(Precision::kFloat32, Precision::kBFloat16),
                         [](const auto& each) { return each.param == Precision::kFloat32 ? "float32" : "bfloat16"; });

}  // namespace
}  // namespace cambium::model
