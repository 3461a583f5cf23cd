#include "cambium/study/jobs/study_config.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cambium/base/files.h"
#include "cambium/config/plan.h"
#include "cambium/study/jobs/job.h"
#include "tests/support/refusal.h"
#include "tests/support/temporary_folder.h"

namespace cambium::study {
namespace {

constexpr std::string_view kRun = R"(
[model]
vocab_size = 64
hidden_size = 16
intermediate_size = 32
num_hidden_layers = 4
num_attention_heads = 2
max_position_embeddings = 32
[growth]
block_size = 2
[train]
steps = 10
sequence_length = 8
batch_tokens = 16
warmup_steps = 1
[data]
tokenizer = "t.json"
[[data.source]]
path = "tokens"
)";

constexpr std::string_view kBase = R"(
name = "base"
run = "run.toml"
seeds = [1, 2]
baseline = "plain"
set = ["data.tokenizer={out}/{words}"]
[values]
words = "w.json"
[[prepare]]
name = "words"
command = ["tokenizer", "train", "--out", "{out}/{words}"]
makes = ["{out}/{words}"]
[[variant]]
name = "plain"
set = ["growth.operator=none"]
[[variant]]
name = "lidas"
set = ["growth.operator=lidas"]
[analyze]
analyses = "cosines"
options = ["--seed", "{seed}"]
)";

class StudyFile : public testing::Test {
 protected:
  StudyFile() {
    write_file_atomic(folder_ / "run.toml", kRun);
    write_file_atomic(folder_ / "base.toml", kBase);
  }
  StudyConfig load(const std::string& text, const std::vector<std::string>& overrides = {}) const {
    write_file_atomic(folder_ / "study.toml", text);
    return load_study(folder_ / "study.toml", overrides);
  }

  TemporaryFolder folder_;
};

const Job& job(const std::vector<Job>& jobs, const std::string& name) {
  const auto found = std::find_if(jobs.begin(), jobs.end(), [&](const Job& j) { return j.name == name; });
  EXPECT_NE(found, jobs.end()) << name;
  return *found;
}

bool has(const Job& job, const std::string& argument) {
  return std::find(job.arguments.begin(), job.arguments.end(), argument) != job.arguments.end();
}

TEST_F(StudyFile, WordsStandForFoldersAndValues) {
  const std::vector<Job> jobs = make_jobs(load_study(folder_ / "base.toml", {"study.words=other.json"}));
  EXPECT_EQ(jobs.size(), 1u + 4 * 2 + 1);
  EXPECT_TRUE(has(job(jobs, "prepare/words"), "runs/base/other.json"));
  EXPECT_EQ(job(jobs, "train/lidas-s2").config->data.tokenizer, "runs/base/other.json");
  EXPECT_EQ(job(jobs, "train/lidas-s2").config->run.seed, 2u);
  EXPECT_EQ(job(jobs, "analyze/lidas-s2").arguments.back(), "2");
  EXPECT_TRUE(has(jobs.back(), "runs/base/study.json"));
}

TEST_F(StudyFile, OneThatExtendsSharesDataAndRuns) {
  const StudyConfig study = load(R"(
extends = "base.toml"
name = "more"
baseline = "lidas"
variants = ["lidas"]
[[variant]]
name = "top"
set = ["growth.operator=gradstack"]
)");
  EXPECT_EQ(study.out, "runs/more");
  EXPECT_EQ(study.runs, "runs/base");
  EXPECT_EQ(study.seeds, (std::vector<int64_t>{1, 2}));
  const std::vector<Job> jobs = make_jobs(study);
  const std::vector<Job> base = make_jobs(load_study(folder_ / "base.toml", {}));
  for (const std::string name : {"prepare/words", "train/lidas-s1", "analyze/lidas-s2"}) {
    EXPECT_EQ(command_line(job(jobs, name)), command_line(job(base, name))) << "done once for both";
  }
  EXPECT_EQ(job(jobs, "train/top-s1").run, "runs/base/top-s1");
  EXPECT_TRUE(has(jobs.back(), "runs/more/report.html"));
}

TEST_F(StudyFile, HereIsTheFolderOfTheFileThatSaysIt) {
  std::filesystem::create_directories(folder_ / "deep");
  write_file_atomic(folder_ / "deep" / "study.toml",
                    "extends = \"../base.toml\"\nname = \"m\"\n[eval]\ntasks = \"t\"\noptions = [\"{here}/x\"]\n");
  EXPECT_EQ(load_study(folder_ / "deep" / "study.toml", {}).eval.front(), (folder_ / "deep" / "x").string());
}

// A cooldown that branches off after step 5 of 10, where a growth from 2 to 4 layers has been: its cost is known before
// anything is there.
TEST_F(StudyFile, ABranchIsPlannedFromItsParentsPlan) {
  const std::string variants = R"(
name = "m"
run = "run.toml"
seeds = [1]
[[variant]]
name = "parent"
set = ["growth.operator=midas", "growth.at=[4]"]
[[variant]]
name = "child"
after = ["parent"]
set = ["growth.operator=midas", "growth.at=[4]", "run.branch_from={out}/parent-s{seed}/checkpoints/step-00000005"]
[[variant]]
name = "stranger"
set = ["run.branch_from=elsewhere/checkpoints/step-00000005"]
)";
  const std::vector<Job> jobs = make_jobs(load(variants));
  const Job& parent = job(jobs, "train/parent-s1");
  const Job& child = job(jobs, "train/child-s1");
  EXPECT_EQ(child.steps, 10);
  // Four steps at 2 layers and six at 4, of which the child makes five: its share is 5 / 6 of the second stage's.
  const config::Plan plan = config::make_plan(*parent.config, 0, {});
  EXPECT_DOUBLE_EQ(child.flops, plan.stages.at(1).flops * 5 / 6);
  EXPECT_EQ(job(jobs, "train/stranger-s1").flops, 0);
}

TEST_F(StudyFile, FoldersCanBeMovedTogetherAndApart) {
  const StudyConfig base = load_study(folder_ / "base.toml", {"study.out=here", "study.seeds=5"});
  EXPECT_EQ(base.out, "here");
  EXPECT_EQ(base.runs, "here");
  EXPECT_EQ(base.seeds, std::vector<int64_t>{5});
  const StudyConfig more = load("extends = \"base.toml\"\nname = \"more\"", {"study.out=a", "study.runs=b"});
  EXPECT_EQ(more.out, "a");
  EXPECT_EQ(more.runs, "b");
}

TEST_F(StudyFile, RefusalsNameTheKey) {
  EXPECT_EQ(refusal([&] { load("extends = \"base.toml\"\nname = \"m\"\nvariants = [\"top\"]"); }),
            (folder_ / "study.toml").string() +
                ": line 3: `variants`: expected variants of the study that this one extends, found `top`");
  EXPECT_NE(refusal([&] { load("extends = \"base.toml\"\nname = \"m\"\nset = [\"train.steps=3\"]"); }).find("`set`"),
            std::string::npos);
  EXPECT_NE(refusal([&] { load("extends = \"study.toml\"\nname = \"m\""); }).find("`extends`"), std::string::npos);
  EXPECT_NE(refusal([&] {
              load_study(folder_ / "base.toml", {"study.word=x"});
            }).find("expected study.out, study.runs, study.seeds, study.words"),
            std::string::npos);
  const std::string reserved = std::string(kBase) + "\n";
  EXPECT_NE(refusal([&] {
              std::string text = reserved;
              text.replace(text.find("words = \"w.json\""), 5, "seeds");
              load(text);
            }).find("`seeds` has a meaning of its own"),
            std::string::npos);
}

}  // namespace
}  // namespace cambium::study
