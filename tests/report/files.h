#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "cambium/base/files.h"

namespace cambium::report {

/// A folder of a test, with files written into it; gone with the object.
class Files {
 public:
  Files() {
    const testing::TestInfo& info = *testing::UnitTest::GetInstance()->current_test_info();
    root_ = std::filesystem::path(testing::TempDir()) /
            (std::string("report-") + info.test_suite_name() + "-" + info.name());
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
  }
  ~Files() { std::filesystem::remove_all(root_); }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path write(const std::string& name, std::string_view content) const {
    const std::filesystem::path file = root_ / name;
    std::filesystem::create_directories(file.parent_path());
    write_file_atomic(file, content);
    return file;
  }

 private:
  std::filesystem::path root_;
};

/// A run of 20 steps, 2 layers that became 4 after step 10, hidden 8, ffn 16, 2 heads, vocabulary 32, T 4, 8 tokens a
/// step.
inline std::string config_toml(const std::string& op, int seed) {
  return "[run]\ndir = \"r\"\nseed = " + std::to_string(seed) +
         "\n[model]\nvocab_size = 32\nhidden_size = 8\nintermediate_size = 16\nnum_hidden_layers = 4\n"
         "num_attention_heads = 2\nmax_position_embeddings = 16\ntie_word_embeddings = true\n[growth]\noperator = \"" +
         op +
         "\"\nblock_size = 2\n[train]\nsteps = 20\nsequence_length = 4\nbatch_tokens = 8\nwarmup_steps = 1\n"
         "[[data.source]]\npath = \"nowhere\"\n";
}

inline std::string metrics_line(int step, double loss, int layers, double seconds, const std::string& more = "") {
  return "{\"step\":" + std::to_string(step) + ",\"tokens\":" + std::to_string(8 * step) +
         ",\"loss\":" + std::to_string(loss) + ",\"layers\":" + std::to_string(layers) +
         ",\"seconds\":" + std::to_string(seconds) + more + "}\n";
}

inline const std::string kGrowthLine =
    "{\"step\":10,\"operator\":\"midas\",\"from_layers\":2,\"to_layers\":4,\"sources\":[0,1],\"insert_at\":2,"
    "\"event\":\"growth\",\"loss_before\":2.5,\"loss_after\":2.75}\n";

/// A run that did not grow; its last validation loss is `val_loss`.
inline void write_plain_run(const Files& files, const std::string& name, int seed, double val_loss) {
  files.write(name + "/config.toml", config_toml("none", seed));
  files.write(name + "/metrics.jsonl",
              metrics_line(10, 3, 4, 1) + metrics_line(20, 2, 4, 2, ",\"val_loss\":" + std::to_string(val_loss)));
}

inline void write_grown_run(const Files& files, const std::string& name, int seed, double val_loss) {
  files.write(name + "/config.toml", config_toml("midas", seed));
  files.write(name + "/metrics.jsonl", metrics_line(5, 3, 2, 1) + kGrowthLine +
                                           metrics_line(20, 2, 4, 2, ",\"val_loss\":" + std::to_string(val_loss)));
}

}  // namespace cambium::report
