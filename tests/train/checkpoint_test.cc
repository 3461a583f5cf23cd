#include "cambium/train/checkpoint.h"

#include "cambium/growth/schedule.h"
#include "cambium/train/apply_growth.h"
#include "cambium/train/record/manifest.h"
#include "cambium/train/run_directory.h"
#include "tests/support/refusal.h"
#include "tests/train/tiny.h"

namespace cambium::train {
namespace fs = std::filesystem;
namespace {

TEST(CheckpointName, ReadsBack) {
  EXPECT_EQ(checkpoint_name(8095, false), "step-00008095");
  EXPECT_EQ(checkpoint_name(8095, true), "step-00008095-grown");
  for (const CheckpointName name : {CheckpointName{0, false}, {8095, true}, {123456789012, false}}) {
    EXPECT_EQ(parse_checkpoint_name(checkpoint_name(name.step, name.grown)), name);
  }
  for (const char* other : {"", "step-", "step--grown", "step-12a", ".step-00000001.partial", "step-00000001.damaged",
                            "step-9999999999999999999999"}) {
    EXPECT_EQ(parse_checkpoint_name(other), std::nullopt) << other;
  }
  EXPECT_LT((CheckpointName{8, false}), (CheckpointName{8, true}));
  EXPECT_LT((CheckpointName{8, true}), (CheckpointName{9, false}));
}

class Checkpoints : public Folder {
 protected:
  fs::path save(const std::string& name, const std::string& tokenizer = "") {
    model::Llama model = tiny_model();
    TrainState state = tiny_state(model);
    const fs::path path = folder_ / "checkpoints" / name;
    save_checkpoint(path, model, state, {{"books", 7, 112}}, /*seed=*/3, tokenizer, *dist::alone());
    return path;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const fs::path& path : list_checkpoints(folder_)) {
      names.push_back(path.filename().string());
    }
    return names;
  }
  using Names = std::vector<std::string>;
};

TEST_F(Checkpoints, ReadBackBitForBit) {
  model::Llama model = tiny_model();
  TrainState state = tiny_state(model);
  growth::Policy policy;
  policy.moments = "zero";
  grow(model, state, {{12, "lidas", 4, 6, growth::grow_by("lidas", 4, 2)}, policy});
  const growth::Symmetrize how{0.5, "none", 3};
  symmetrize(model.config, model.weights, state, {12, 2, how, {{0, 2}}});
  state.branch = Branch{"runs/a", "0f", 10, 1, 0, {{"books", 5, 80}}};
  save_checkpoint(folder_ / "one", model, state, {{"books", 7, 112}}, /*seed=*/3, "{}", *dist::alone());
  EXPECT_EQ(check_manifest(folder_ / "one", /*hashes=*/true), "");
  EXPECT_EQ(read("one/tokenizer.json"), "{}");

  const Checkpoint again = load_checkpoint(folder_ / "one");
  EXPECT_EQ(again.config, model.config);
  EXPECT_TRUE(same(again.weights, model.weights));
  EXPECT_TRUE(same(again.state.exp_avg, state.exp_avg));
  EXPECT_TRUE(same(again.state.exp_avg_sq, state.exp_avg_sq));
  EXPECT_EQ(again.state.step, 12);
  EXPECT_EQ(again.state.tokens, 3456);
  EXPECT_EQ(again.state.adam_steps, state.adam_steps);
  EXPECT_EQ(again.state.lineage, state.lineage);
  EXPECT_EQ(again.state.growths.at(0).event, state.growths.at(0).event);
  EXPECT_EQ(to_json(again.state.symmetrized.at(0)), to_json(state.symmetrized.at(0)));
  EXPECT_EQ(again.state.branch->from, "runs/a");
  EXPECT_EQ(again.state.branch->step, 10);
  EXPECT_EQ(again.state.branch->growths, 1);
  EXPECT_EQ(again.state.branch->position.at(0).windows, 5);
  EXPECT_EQ(again.state.losses.mean, state.losses.mean);
  EXPECT_EQ(again.state.losses.variance, state.losses.variance);
  EXPECT_EQ(again.state.losses.count, 2);
  EXPECT_EQ(again.state.skipped_in_a_row, 2);
  EXPECT_EQ(again.position.at(0).source, "books");
  EXPECT_EQ(again.position.at(0).tokens, 112);
  EXPECT_EQ(again.seed, 3u);

  save_checkpoint(folder_ / "two", model, again.state, again.position, again.seed, "{}", *dist::alone());
  for (const char* file :
       {"config.json", "model.safetensors", "optimizer.safetensors", "trainer.json", "manifest.json"}) {
    EXPECT_EQ(read(fs::path("one") / file), read(fs::path("two") / file)) << file;
  }
}

TEST_F(Checkpoints, ReplaceThoseOfTheSameName) {
  save("step-00000012", "{}");
  save("step-00000012");
  EXPECT_FALSE(fs::exists(folder_ / "checkpoints/step-00000012/tokenizer.json"));
  EXPECT_EQ(names(), Names{"step-00000012"});
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "checkpoints"), {}), 1);
}

TEST_F(Checkpoints, AreListedInOrderWhereComplete) {
  EXPECT_EQ(names(), Names{});
  for (const char* name : {"step-00000020", "step-00000003", "step-00000003-grown", "step-00000030", "step-00000040"}) {
    save(name);
  }
  fs::remove(folder_ / "checkpoints/step-00000030/manifest.json");
  fs::remove(folder_ / "checkpoints/step-00000040/trainer.json");
  fs::create_directories(folder_ / "checkpoints/step-00000050");
  EXPECT_EQ(names(), (Names{"step-00000003", "step-00000003-grown", "step-00000020"}));
}

TEST_F(Checkpoints, TheNewestWholeOneIsFound) {
  EXPECT_EQ(newest_checkpoint(folder_), std::nullopt);
  const fs::path first = save("step-00000003"), second = save("step-00000003-grown"), third = save("step-00000009");
  EXPECT_EQ(newest_checkpoint(folder_), third);
  std::string weights = read("checkpoints/step-00000009/model.safetensors");
  weights.back() ^= 1;
  write("checkpoints/step-00000009/model.safetensors", weights);
  EXPECT_EQ(newest_checkpoint(folder_), second);
  fs::remove(second / "optimizer.safetensors");
  write_manifest(second);  // a model, but nothing to go on from
  EXPECT_EQ(newest_checkpoint(folder_), first);
}

TEST_F(Checkpoints, ArePrunedAsAsked) {
  const auto fill = [&] {
    for (const char* name :
         {"step-00000002", "step-00000004", "step-00000004-grown", "step-00000006", "step-00000008"}) {
      save(name);
    }
  };
  fill();
  prune_checkpoints(folder_, {.every = 1, .keep = 2, .keep_growth = true}, {4, 10});
  EXPECT_EQ(names(), (Names{"step-00000004", "step-00000004-grown", "step-00000006", "step-00000008"}));
  prune_checkpoints(folder_, {.every = 1, .keep = 1, .keep_growth = false}, {4, 10});
  EXPECT_EQ(names(), Names{"step-00000008"});
  prune_checkpoints(folder_, {.every = 1, .keep = 0, .keep_growth = false}, {});
  EXPECT_EQ(names(), Names{"step-00000008"});
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "checkpoints"), {}), 1);
}

TEST_F(Checkpoints, PastTheStartAreSetAside) {
  for (const char* name : {"step-00000004", "step-00000004-grown", "step-00000006"}) {
    save(name);
  }
  set_aside_newer(folder_, CheckpointName{4, true});
  EXPECT_EQ(names(), (Names{"step-00000004", "step-00000004-grown"}));
  EXPECT_TRUE(fs::exists(folder_ / "previous-1/checkpoints/step-00000006/manifest.json"));
  set_aside_newer(folder_, CheckpointName{4, true});
  EXPECT_FALSE(fs::exists(folder_ / "previous-2"));
  set_aside_newer(folder_, CheckpointName{4, false});
  EXPECT_TRUE(fs::exists(folder_ / "previous-2/checkpoints/step-00000004-grown"));
  set_aside_newer(folder_, std::nullopt);
  EXPECT_EQ(names(), Names{});
}

TEST_F(Checkpoints, OfAnEarlierRunAreSetAsideAndNothingElse) {
  save("step-00000004");
  write("metrics.jsonl", "");
  write("notes.txt", "");
  set_aside(folder_);
  EXPECT_TRUE(fs::exists(folder_ / "previous-1/checkpoints/step-00000004"));
  EXPECT_TRUE(fs::exists(folder_ / "previous-1/metrics.jsonl"));
  EXPECT_TRUE(fs::exists(folder_ / "notes.txt"));
  set_aside(folder_);
  EXPECT_FALSE(fs::exists(folder_ / "previous-2"));
}

TEST_F(Checkpoints, LeftoversAreRemoved) {
  const fs::path kept = save("step-00000004");
  for (const char* name : {".step-00000006.partial", ".step-00000002.removed", ".step-00000002-grown.removed"}) {
    write(fs::path("checkpoints") / name / "model.safetensors", "");
  }
  remove_leftovers(folder_);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "checkpoints"), {}), 1);
  EXPECT_TRUE(fs::exists(kept));
  remove_leftovers(folder_ / "nowhere");
}

TEST_F(Checkpoints, RefuseAStateThatDoesNotFit) {
  const fs::path path = save("step-00000004");
  const auto with = [&](const char* key, const formats::Json& value) {
    formats::Json json = formats::Json::parse(read("checkpoints/step-00000004/trainer.json"));
    json[key] = value;
    write("broken/trainer.json", json.dump());
  };
  const std::pair<const char*, formats::Json> cases[] = {
      {"step", -1},           {"step", "twelve"},
      {"adam_steps", {1, 2}}, {"lineage", {0, 1, 2, -3}},
      {"growth", 5},          {"loss_statistics", formats::Json::array()}};
  for (const auto& [key, value] : cases) {
    with(key, value);
    EXPECT_REFUSAL(read_trainer_file(folder_ / "broken", 4), "trainer.json", key);
  }
  fs::remove(path / "optimizer.safetensors");
  EXPECT_REFUSAL(load_checkpoint(path), "optimizer.safetensors");
}

}  // namespace
}  // namespace cambium::train
