// A checkpoint on a disk that fails, and one that was damaged: what is found afterwards.
#include <gtest/gtest.h>

#include <random>

#include "cambium/train/checkpoint.h"
#include "cambium/train/run_directory.h"
#include "tests/support/fault_walk.h"
#include "tests/train/tiny.h"

namespace cambium::train {
namespace fs = std::filesystem;
namespace {

class Faults : public Folder {
 protected:
  Faults() : model_(tiny_model()), state_(tiny_state(model_)) {}
  void save(int64_t step) {
    state_.step = step;
    save_checkpoint(folder_ / "checkpoints" / checkpoint_name(step, false), model_, state_,
                    {{"books", step, 16 * step}},
                    /*seed=*/3, "{}", *dist::alone());
  }
  /// The step of the newest checkpoint that is whole, which must hold what was saved.
  int64_t newest() {
    const std::optional<fs::path> found = newest_checkpoint(folder_);
    if (!found) {
      return -1;
    }
    const Checkpoint checkpoint = load_checkpoint(*found);
    EXPECT_TRUE(same(checkpoint.weights, model_.weights));
    EXPECT_TRUE(same(checkpoint.state.exp_avg, state_.exp_avg));
    EXPECT_TRUE(same(checkpoint.state.exp_avg_sq, state_.exp_avg_sq));
    EXPECT_EQ(checkpoint.position.at(0).windows, checkpoint.state.step);
    return checkpoint.state.step;
  }

  model::Llama model_;
  TrainState state_;
};

TEST_F(Faults, ACheckpointIsWholeOrNotThere) {
  walk_faults(
      "checkpoint",
      [&] {
        fs::remove_all(folder_ / "checkpoints");
        save(1);
      },
      [&] { save(2); },
      [&](const std::string&) {
        remove_leftovers(folder_);
        const int64_t step = newest();
        EXPECT_TRUE(step == 1 || step == 2) << step;
        save(3);  // the next one works
        EXPECT_EQ(newest(), 3);
      },
      /*stride=*/3);
}

TEST_F(Faults, RemovingOldCheckpointsLosesNoneThatIsKept) {
  walk_faults(
      "old checkpoints",
      [&] {
        fs::remove_all(folder_ / "checkpoints");
        for (const int64_t step : {1, 2, 3}) {
          save(step);
        }
      },
      [&] { prune_checkpoints(folder_, {.every = 1, .keep = 1, .keep_growth = false}, {}); },
      [&](const std::string&) {
        EXPECT_EQ(newest(), 3);
        remove_leftovers(folder_);
        prune_checkpoints(folder_, {.every = 1, .keep = 1, .keep_growth = false}, {});
        EXPECT_EQ(list_checkpoints(folder_).size(), 1u);
      });
}

// One flipped bit anywhere, in every file of a checkpoint: it is passed over, and the one before it is found.
TEST_F(Faults, AFlippedBitIsFound) {
  save(1);
  save(2);
  const fs::path newer = folder_ / "checkpoints" / checkpoint_name(2, false);
  std::mt19937_64 random(5);
  int flipped = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(newer)) {
    const std::string whole = read_file(entry.path());
    for (int time = 0; time < 20; ++time) {
      std::string damaged = whole;
      const size_t byte = random() % damaged.size();
      damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << (random() % 8)));
      write_file_atomic(entry.path(), damaged);
      EXPECT_EQ(newest(), 1) << entry.path() << ", byte " << byte;
      ++flipped;
    }
    write_file_atomic(entry.path(), whole);
  }
  EXPECT_EQ(newest(), 2);
  EXPECT_GE(flipped, 20 * 5);
}

}  // namespace
}  // namespace cambium::train
