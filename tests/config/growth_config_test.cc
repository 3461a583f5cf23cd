#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "cambium/config/check.h"
#include "cambium/config/plan.h"
#include "cambium/config/run_config.h"
#include "tests/support/refusal.h"
#include "tests/support/temporary_folder.h"

namespace cambium::config {
namespace {

RunConfig parse(const std::string& toml, const std::vector<std::string>& overrides = {}) {
  return parse_run_config(toml, "run.toml", overrides);
}

std::string model(int layers) {
  return "[model]\nvocab_size = 100\nhidden_size = 16\nintermediate_size = 32\nnum_attention_heads = "
         "2\nnum_hidden_layers = " +
         std::to_string(layers) + "\n";
}

std::vector<int64_t> growth_steps(const RunConfig& config) {
  std::vector<int64_t> steps;
  for (const growth::GrowthEvent& event : resolve_steps(config, 0).events) {
    steps.push_back(event.step);
  }
  return steps;
}

using Steps = std::vector<int64_t>;

TEST(GrowthConfig, Schedules) {
  const std::string base = model(16) + "[train]\nsteps = 100\n[growth]\noperator = \"lidas\"\n";
  EXPECT_EQ(growth_steps(parse(base)), (Steps{10, 30, 60}));
  EXPECT_EQ(growth_steps(parse(base + "schedule = \"uniform\"\n")), (Steps{25, 50, 75}));
  EXPECT_EQ(growth_steps(parse(base + "schedule = \"once\"\nfraction = 0.3\n")), (Steps{30}));
  EXPECT_EQ(start_layers(parse(base + "schedule = \"once\"\n")), 12);
  EXPECT_EQ(growth_steps(parse(base + "start_layers = 8\n")), (Steps{22, 55}));  // 2 : 3 : 4
  EXPECT_EQ(growth_steps(parse(base + "at = [7, 9]\n")), (Steps{7, 9}));
  EXPECT_REFUSAL(parse(base + "start_layers = 7\n"), "growth.operator", "7 layers", "15 or 19");
  EXPECT_REFUSAL(parse(base + "schedule = \"uniform\"\nat = [7]\n"), "uniform", "growth.at");
}

TEST(GrowthConfig, DoublingOperators) {
  const std::string base = model(16) + "[train]\nsteps = 70\n[growth]\noperator = \"stack\"\n";
  EXPECT_EQ(growth_steps(parse(base)), (Steps{10, 30}));  // 4, 8, 16 layers
  EXPECT_EQ(start_layers(parse(base + "at = [9]\n")), 8);
  EXPECT_REFUSAL(parse(base + "start_layers = 3\n"), "12 or 24");
}

TEST(GrowthConfig, Explicit) {
  const std::string base = model(8) + "[train]\nsteps = 70\n[growth]\noperator = \"explicit\"\n";
  const std::string events =
      "[[growth.event]]\nstep = 5\nsources = [1, 0]\ninsert_at = 2\n"
      "[[growth.event]]\nstep = 9\nsources = [3, 3]\ninsert_at = 0\n";
  const RunConfig config = parse(base + events);
  EXPECT_EQ(start_layers(config), 4);
  const ResolvedSteps steps = resolve_steps(config, 0);
  ASSERT_EQ(steps.events.size(), 2u);
  EXPECT_EQ(steps.events[1], (growth::GrowthEvent{9, "explicit", 6, 8, {{3, 3}, 0}}));
  EXPECT_EQ(to_toml(parse(to_toml(config))), to_toml(config));
  EXPECT_REFUSAL(parse(base), "explicit", "[[growth.event]]");
  EXPECT_REFUSAL(parse(base + "[[growth.event]]\nstep = 5\nsources = [9]\ninsert_at = 2\n"), "growth 0", "7 layers");
  EXPECT_REFUSAL(parse(base + "[[growth.event]]\nstep = 99\nsources = [1]\ninsert_at = 2\n"), "step 99");
  EXPECT_REFUSAL(parse(model(8) + events), "growth.event", "explicit");
  EXPECT_REFUSAL(parse(base + "[[growth.event]]\nsteps = 5\n"), "growth.event.0.steps",
                 "did you mean `growth.event.step`");
}

TEST(GrowthConfig, Symmetrize) {
  const std::string base = model(8) + "[train]\nsteps = 70\n[growth]\noperator = \"midas\"\nblock_size = 2\nat = [9]\n";
  const RunConfig config = parse(base + "symmetrize = {at = [9, 20], strength = 0.5}\n");
  const ResolvedSteps steps = resolve_steps(config, 0);
  ASSERT_EQ(steps.symmetrized.size(), 2u);
  EXPECT_EQ(steps.symmetrized[0].pairs, (std::vector<growth::BlockPair>{{0, 3}, {1, 2}}));
  EXPECT_EQ(steps.symmetrized[1].how.strength, 0.5);
  EXPECT_EQ(to_toml(parse(to_toml(config))), to_toml(config));
  EXPECT_FALSE(parse(base, {"growth.symmetrize=none"}).growth.symmetrize);
  EXPECT_REFUSAL(parse(base + "symmetrize = {strength = 0.5}\n"), "growth.symmetrize.at");
  EXPECT_REFUSAL(parse(base + "symmetrize = {at = [9, 9]}\n"), "ascending");
  EXPECT_REFUSAL(parse(base + "symmetrize = {at = [70]}\n"), "step 70");
  EXPECT_REFUSAL(parse(base + "symmetrize = {at = [9], strength = 2}\n"), "at most 1");
  EXPECT_REFUSAL(parse(base + "symmetrize = {at = [9], control = \"mirror\"}\n"), "unmatched");
}

TEST(GrowthConfig, Loop) {
  const RunConfig config = parse(model(8) + "loop = {layers = [2, 5], times = 3}\n");
  EXPECT_EQ(config.model.architecture.loop, (cambium::model::Loop{2, 5, 3}));
  EXPECT_EQ(config.model.architecture.places(8), 14);
  EXPECT_EQ(to_toml(parse(to_toml(config))), to_toml(config));
  EXPECT_FALSE(parse(to_toml(config), {"model.loop=none"}).model.architecture.loop);
  const auto flops = [](const RunConfig& of) { return make_plan(of, 0, {}).flops; };
  EXPECT_DOUBLE_EQ(flops(config), flops(parse(model(14))));
  EXPECT_REFUSAL(parse(model(8) + "loop = {layers = [2]}\n"), "model.loop.layers", "two layers");
  EXPECT_REFUSAL(parse(model(8) + "loop = {layers = [5, 9]}\n"), "loop.layers", "8 layers");
  EXPECT_REFUSAL(parse(model(8) + "loop = {layers = [1, 2]}\n[growth]\noperator = \"midas\"\n"), "model.loop");
}

TEST(GrowthConfig, SavingByWhatIsCounted) {
  const RunConfig config =
      parse(model(8) + "[train]\nsteps = 100\n[growth]\noperator = \"midas\"\nschedule = \"uniform\"\n");
  const Plan plan = make_plan(config, 0, {});
  const Saving saved = saving(config.model.architecture, plan, config.train.sequence_length);
  EXPECT_DOUBLE_EQ(saved.layers, 8.0 / 6.0);
  EXPECT_DOUBLE_EQ(saved.attention, 8.0 / 6.0);
  EXPECT_DOUBLE_EQ(saved.all, plan.flops_ratio());
  EXPECT_LT(saved.head, saved.all);  // the head weighs less beside attention
  EXPECT_LT(saved.all, saved.layers);
  const Duration duration = predict(plan, 1e9);
  EXPECT_DOUBLE_EQ(duration.total, plan.flops / 1e9);
  EXPECT_DOUBLE_EQ(duration.full_depth / duration.total, plan.flops_ratio());
  EXPECT_EQ(duration.stages.size(), 2u);
}

TEST(ContinueFrom, ThePastIsTheParentsAndTheFutureIsPlanned) {
  const RunConfig config = parse(model(12) + "[train]\nsteps = 60\n[growth]\noperator = \"midas\"\n");  // 10, 30
  const ResolvedSteps whole = resolve_steps(config, 0);
  BranchPoint parent{.from = "a", .step = 30, .layers = 8, .events = {whole.events[0]}, .symmetrized = {}};
  ResolvedSteps steps = whole;
  continue_from(steps, parent, config);  // right before the growth of its last step
  EXPECT_EQ(steps.events, whole.events);
  EXPECT_EQ(steps.first_step, 30);
  parent.events = whole.events;  // right behind it
  parent.layers = 12;
  steps = whole;
  continue_from(steps, parent, config);
  EXPECT_EQ(steps.events, whole.events);

  const RunConfig no_growth = parse(model(12) + "[train]\nsteps = 60\n");
  steps = resolve_steps(no_growth, 0);
  continue_from(steps, parent, no_growth);
  EXPECT_EQ(steps.events, whole.events);  // the parent's stay part of the model's history
  EXPECT_EQ(steps.initial_layers, 4);
  const Plan plan = make_plan(no_growth, 0, {}, parent);
  ASSERT_EQ(plan.stages.size(), 1u);
  EXPECT_EQ(plan.stages[0].begin, 30);
  EXPECT_EQ(plan.flops_ratio(), 1);

  parent.layers = 8;
  steps = resolve_steps(no_growth, 0);
  EXPECT_REFUSAL(continue_from(steps, parent, no_growth), "run.branch_from", "8 layers", "goes on with 12");
  parent.step = 60;
  EXPECT_REFUSAL(continue_from(steps, parent, no_growth), "step 60", "train.steps");
}

class Extends : public testing::Test {
 protected:
  Extends() { std::filesystem::create_directories(folder_ / "sub"); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  TemporaryFolder folder_;
};

TEST_F(Extends, LaysAFileOverAnother) {
  write("base.toml",
        model(8) +
            "[train]\nsteps = 50\nlearning_rate = 0.5\n[[data.source]]\npath = \"a\"\n[[data.source]]\npath = \"b\"\n");
  write("sub/middle.toml", "extends = \"../base.toml\"\n[train]\nsteps = 70\n");
  const std::string top = write("top.toml", "extends = \"sub/middle.toml\"\n[[data.source]]\npath = \"c\"\n");
  const RunConfig config = load_run_config(top, {"train.learning_rate=0.25"});
  EXPECT_EQ(config.train.steps.amount, 70);
  EXPECT_EQ(config.train.learning_rate, 0.25);
  EXPECT_EQ(config.model.architecture.num_hidden_layers, 8);
  ASSERT_EQ(config.data.source.size(), 1u);  // a list is replaced as a whole
  EXPECT_EQ(config.data.source[0].path, "c");
}

TEST_F(Extends, LaysAFileOverSeveral) {
  write("one.toml", model(8) + "[train]\nsteps = 50\nlearning_rate = 0.5\n");
  write("two.toml", "[train]\nsteps = 60\n[growth]\noperator = \"midas\"\n");
  const RunConfig config =
      load_run_config(write("both.toml", "extends = [\"one.toml\", \"two.toml\"]\n[growth]\nblock_size = 2\n"), {});
  EXPECT_EQ(config.train.steps.amount, 60);
  EXPECT_EQ(config.train.learning_rate, 0.5);
  EXPECT_EQ(config.growth.op, "midas");
  EXPECT_EQ(config.growth.block_size, 2);
}

TEST_F(Extends, RefusesWhatLeadsNowhere) {
  EXPECT_REFUSAL(load_run_config(write("a.toml", "extends = \"b.toml\"\n"), {}), "b.toml");
  EXPECT_REFUSAL(load_run_config(write("c.toml", "extends = \"c.toml\"\n"), {}), "in a row");
  EXPECT_REFUSAL(load_run_config(write("d.toml", "extends = 3\n"), {}), "extends", "line 1");
  write("e.toml", "[train]\nstps = 3\n");
  EXPECT_REFUSAL(load_run_config(write("f.toml", "extends = \"e.toml\"\n"), {}), "e.toml", "train.stps", "line 2");
}

}  // namespace
}  // namespace cambium::config
