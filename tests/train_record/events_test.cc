#include "cambium/train/record/events.h"

#include <gtest/gtest.h>

#include "cambium/growth/operator.h"
#include "tests/support/refusal.h"

namespace cambium::train {
namespace {

GrowthRecord record_of(const char* op, int layers, int block, const growth::Policy& policy = {}) {
  const growth::Growth growth = growth::grow_by(op, layers, block);
  return {{12, op, layers, layers + static_cast<int>(growth.sources.size()), growth}, policy};
}

TEST(GrowthRecord, ReadsBackWithEveryOperator) {
  growth::Policy policy;
  policy.moments = "copy_reset_step";
  policy.noise = 0.25;
  policy.output_scale = 0.5;
  policy.init_std = 0.01;
  policy.seed = 77;
  policy.rewarmup_steps = 9;
  policy.freeze_steps = 4;
  for (const std::string& name : growth::operator_names()) {
    for (const growth::Policy& applied : {growth::Policy(), policy}) {
      const GrowthRecord record = record_of(name.c_str(), 4, 2, applied);
      const GrowthRecord again = growth_record_from_json(to_json(record), "there");
      EXPECT_EQ(again.event, record.event) << name;
      EXPECT_EQ(again.policy, record.policy) << name;
    }
  }
}

TEST(GrowthRecord, SaysWhatIsSpecialOnly) {
  const formats::Json plain{{"step", 12},        {"operator", "midas"}, {"from_layers", 4}, {"to_layers", 6},
                            {"sources", {0, 1}}, {"insert_at", 2},      {"moments", "copy"}};
  EXPECT_EQ(to_json(record_of("midas", 4, 2)), plain);
  EXPECT_EQ(to_json(record_of("fresh", 4, 2))["sources"], (formats::Json{nullptr, nullptr}));
  EXPECT_EQ(to_json(record_of("interpose", 2, 1))["places"], (formats::Json{1, 3}));
  EXPECT_EQ(to_json(record_of("average", 4, 2))["partners"], (formats::Json{2, 3}));
}

TEST(GrowthRecord, RefusesWhatCannotHaveHappened) {
  const auto with = [](const char* key, const formats::Json& value) {
    formats::Json json = to_json(record_of("lidas", 4, 2));
    json[key] = value;
    return json;
  };
  EXPECT_REFUSAL(growth_record_from_json(with("step", -1), "there"), "there", "step");
  EXPECT_REFUSAL(growth_record_from_json(with("sources", {0, 4}), "there"), "sources");
  EXPECT_REFUSAL(growth_record_from_json(with("sources", {0, nullptr}), "there"), "sources");
  EXPECT_REFUSAL(growth_record_from_json(with("sources", "all"), "there"), "sources");
  EXPECT_REFUSAL(growth_record_from_json(with("insert_at", 5), "there"), "insert_at");
  EXPECT_REFUSAL(growth_record_from_json(with("from_layers", 0), "there"), "from_layers");
  EXPECT_REFUSAL(growth_record_from_json(with("making", "magic"), "there"), "making");
  EXPECT_REFUSAL(growth_record_from_json(with("places", {2, 2}), "there"), "does not fit 4 layers");
}

TEST(SymmetrizeEvent, ReadsBack) {
  const growth::Symmetrize how{0.5, "unmatched", 3};
  const growth::SymmetrizeEvent event{20, 2, how, {{0, 1}, {2, 3}}};
  const growth::SymmetrizeEvent again = symmetrize_event_from_json(to_json(event), "there");
  EXPECT_EQ(to_json(again), to_json(event));
  const auto with = [&](const char* key, const formats::Json& value) {
    formats::Json json = to_json(event);
    json[key] = value;
    return json;
  };
  const auto pair = [](int64_t one, int64_t other) {
    return formats::Json::array({formats::Json::array({one, other})});
  };
  EXPECT_REFUSAL(symmetrize_event_from_json(with("pairs", {1, 2}), "there"), "there", "pairs");
  EXPECT_REFUSAL(symmetrize_event_from_json(with("pairs", pair(0, -1)), "there"), "pairs");
  EXPECT_REFUSAL(symmetrize_event_from_json(with("pairs", pair((int64_t{1} << 32) + 1, 0)), "there"), "pairs");
  EXPECT_REFUSAL(symmetrize_event_from_json(with("seed", -1), "there"), "seed");
}

TEST(Describe, NamesWhatWasDone) {
  EXPECT_EQ(describe(record_of("midas", 4, 2)), "midas: 4 -> 6 layers, copies of 0, 1 inserted at 2");
  EXPECT_EQ(describe(record_of("fresh", 4, 2)), "fresh: 4 -> 6 layers, 2 new layers inserted at 2");
  growth::Policy policy;
  policy.moments = "zero";
  EXPECT_EQ(describe(record_of("interpose", 2, 1, policy)),
            "interpose: 2 -> 4 layers, copies of 0, 1 inserted at 1, 3; moments: zero");
}

}  // namespace
}  // namespace cambium::train
