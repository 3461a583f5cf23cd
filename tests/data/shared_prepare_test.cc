// A preparation by several ranks, here threads: the same bytes as by one.
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "cambium/base/error.h"
#include "cambium/data/encoded_batch.h"
#include "cambium/data/prepare.h"
#include "tests/data/test_support.h"

namespace cambium::data {
namespace {

namespace fs = std::filesystem;

/// What the ranks of a test share. Where one fails, the others are let go with an Error.
struct Table {
  explicit Table(int64_t ranks) : size(ranks), handed(static_cast<size_t>(ranks)) {}

  void wait_until(std::unique_lock<std::mutex>& lock, const std::function<bool()>& done) {
    changed.wait(lock, [&] { return failed || done(); });
    if (failed) throw Error("another rank failed");
  }

  int64_t size;
  std::mutex mutex;
  std::condition_variable changed;
  bool failed = false;
  std::vector<std::string> said;  ///< by rank 0
  std::vector<std::deque<std::string>> handed;
  int64_t most_untaken = 0;
  /// What rank 0 does to what it takes.
  std::function<void(std::string&)> on_take = [](std::string&) {};
};

class Seat : public PrepareTeam {
 public:
  Seat(Table& table, int64_t rank) : table_(table), rank_(rank) {}

  int64_t rank() const override { return rank_; }
  int64_t size() const override { return table_.size; }
  void agree(const std::string& what, const std::string& value) override {
    if (from_first(value) != value) bad_input("rank {} has another {}", rank_, what);
  }
  std::string from_first(const std::string& text) override {
    std::unique_lock lock(table_.mutex);
    if (rank_ == 0) table_.said.push_back(text);
    table_.changed.notify_all();
    table_.wait_until(lock, [&] { return heard_ < table_.said.size(); });
    return table_.said[heard_++];
  }
  void hand_over(const std::string& bytes) override {
    const std::lock_guard lock(table_.mutex);
    own().push_back(bytes);
    table_.most_untaken = std::max(table_.most_untaken, untaken_bytes());
  }
  int64_t untaken() override {
    const std::lock_guard lock(table_.mutex);
    if (table_.failed) throw Error("another rank failed");
    return untaken_bytes();
  }
  std::optional<std::string> take(int64_t rank) override {
    const std::lock_guard lock(table_.mutex);
    if (table_.failed) throw Error("another rank failed");
    auto& waiting = table_.handed[static_cast<size_t>(rank)];
    if (waiting.empty()) return std::nullopt;
    std::string bytes = std::move(waiting.front());
    waiting.pop_front();
    table_.on_take(bytes);
    return bytes;
  }

 private:
  int64_t untaken_bytes() {
    int64_t bytes = 0;
    for (const std::string& waiting : own()) bytes += std::ssize(waiting);
    return bytes;
  }
  std::deque<std::string>& own() { return table_.handed[static_cast<size_t>(rank_)]; }

  Table& table_;
  int64_t rank_;
  size_t heard_ = 0;
};

class SharedPrepareTest : public testing::Test {
 protected:
  /// Texts, each a batch, among lines of which some are bad, some empty and some copies.
  void write_inputs() {
    for (int i = 0; i < 23; ++i) {
      write_text(folder_ / ("in/" + std::to_string(i) + ".txt"),
                 "text " + std::to_string(i % 19) + std::string(static_cast<size_t>(1000 * i), 'x'));
    }
    std::string lines;
    for (int i = 0; i < 60000; ++i) {
      lines += i % 9000 == 8999 ? "bad\n"
               : i % 700 == 3   ? "{\"text\": \"\"}\n"
                                : "{\"text\": \"line " + std::to_string(i % 50000) + " of some length\"}\n";
    }
    write_text(folder_ / "in/12a.jsonl", lines);
    write_text(folder_ / "in/3a.jsonl", "{\"text\": \"line 1 of some length\"}\n");
  }

  PrepareOptions options(const std::string& out) {
    PrepareOptions result;
    result.inputs = {folder_ / "in"};
    result.out = folder_ / out;
    result.workers = 1;
    result.val_fraction = 0.1;
    result.dedup = true;
    result.skip_bad_lines = true;
    result.shard_tokens = 400000;
    result.save_tokens = 250000;
    return result;
  }

  /// Throws what ended rank 0.
  Manifest prepare_together(const PrepareOptions& options, Table& table) {
    std::vector<std::thread> others;
    for (int64_t rank = 1; rank < table.size; ++rank) {
      others.emplace_back([&, rank] {
        Seat seat(table, rank);
        try {
          EXPECT_FALSE(prepare(tokenizer_, options, seat));
        } catch (const Error&) {
          // Rank 0 failed, and tells below.
        }
      });
    }
    Seat seat(table, 0);
    std::optional<Manifest> manifest;
    std::exception_ptr failure;
    try {
      manifest = prepare(tokenizer_, options, seat);
    } catch (const Error&) {
      failure = std::current_exception();
      const std::lock_guard lock(table.mutex);
      table.failed = true;
    }
    table.changed.notify_all();
    for (std::thread& other : others) other.join();
    if (failure) std::rethrow_exception(failure);
    return *manifest;
  }
  Manifest prepare_by(int64_t ranks, const PrepareOptions& options) {
    Table table(ranks);
    return prepare_together(options, table);
  }

  std::map<std::string, std::string> contents(const std::string& set) {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::directory_iterator(folder_ / set)) {
      all[entry.path().filename().string()] = read_text(entry.path());
    }
    return all;
  }
  void expect_nothing_left() {
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      EXPECT_FALSE(entry.path().filename().string().starts_with(".")) << entry.path();
    }
  }

  TemporaryFolder folder_;
  text::Tokenizer tokenizer_ = byte_tokenizer();
};

TEST_F(SharedPrepareTest, TheResultDoesNotDependOnTheNumberOfRanks) {
  write_inputs();
  const Manifest manifest = prepare(tokenizer_, options("of-1"));
  EXPECT_GT(manifest.splits.front().shards.size(), 2u);
  for (const int64_t ranks : {2, 3, 40}) {  // more than there are batches
    const std::string name = "of-" + std::to_string(ranks);
    prepare_by(ranks, options(name));
    EXPECT_TRUE(contents(name) == contents("of-1")) << name;
  }
  expect_nothing_left();
}

TEST_F(SharedPrepareTest, GoesOnWithAnotherNumberOfRanks) {
  write_inputs();
  prepare(tokenizer_, options("whole"));
  for (const auto& [first, second] : {std::pair<int64_t, int64_t>{3, 2}, {2, 1}, {2, 5}}) {
    for (const int stop : {1, 4, 8}) {
      Table table(first);
      int taken = 0;
      table.on_take = [&](std::string&) {
        if (++taken > stop) throw Error("the disk is gone");
      };
      EXPECT_THROW(prepare_together(options("set"), table), Error);
      EXPECT_FALSE(fs::exists(folder_ / "set"));
      prepare_by(second, options("set"));
      EXPECT_TRUE(contents("set") == contents("whole")) << first << " " << second << " " << stop;
      fs::remove_all(folder_ / "set");
    }
  }
  expect_nothing_left();
}

TEST_F(SharedPrepareTest, BadInputIsToldAsByOneProcess) {
  write_inputs();
  const auto refused = [&](int64_t ranks, const PrepareOptions& chosen) {
    const std::string message = refusal([&] { prepare_by(ranks, chosen); });
    EXPECT_FALSE(fs::exists(chosen.out));
    expect_nothing_left();
    return message;
  };
  auto chosen = options("set");
  chosen.skip_bad_lines = false;
  const std::string line = refused(1, chosen);
  EXPECT_NE(line.find("12a.jsonl:9000"), std::string::npos);
  for (const int64_t ranks : {2, 3, 4}) EXPECT_EQ(refused(ranks, chosen), line);
  chosen.inputs.emplace_back(folder_ / "not-gzip.jsonl.gz");
  chosen.skip_bad_lines = true;
  write_text(chosen.inputs.back(), std::string("\x1f\x8b\x08\x00 and no more", 16));
  const std::string file = refused(1, chosen);
  EXPECT_NE(file.find("not-gzip.jsonl.gz"), std::string::npos);
  for (const int64_t ranks : {2, 3}) EXPECT_EQ(refused(ranks, chosen), file);
  chosen.inputs = {"-"};
  EXPECT_NE(refused(2, chosen).find("standard input cannot be shared by 2 ranks"), std::string::npos);
}

TEST_F(SharedPrepareTest, WhatIsHandedOverIsChecked) {
  write_inputs();
  prepare(tokenizer_, options("whole"));
  const auto failure = [&](const std::function<void(std::string&)>& damage) -> std::string {
    Table table(2);
    table.on_take = damage;
    try {
      prepare_together(options("set"), table);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(failure([](std::string& bytes) { bytes[bytes.size() / 2] ^= 1; }), "rank 1 handed over a damaged batch");
  EXPECT_EQ(failure([](std::string& bytes) { bytes.pop_back(); }), "rank 1 handed over a damaged batch");
  EXPECT_NE(failure([](std::string& bytes) {
              EncodedBatch batch = unpack_batch(bytes, "rank 1");
              batch.behind.lines += 1;
              bytes = pack(batch);
            }).find("rank 1 read something else than rank 0"),
            std::string::npos);
  prepare_by(2, options("set"));  // none of it spoils what is there
  EXPECT_TRUE(contents("set") == contents("whole"));
}

TEST_F(SharedPrepareTest, OthersDoNotRunFarAhead) {
  for (int i = 0; i < 40; ++i) {
    write_text(folder_ / ("in/" + std::to_string(i) + ".txt"),
               std::string(size_t{600} << 10, static_cast<char>('a' + i % 26)));
  }
  Table table(2);
  table.on_take = [](std::string&) { std::this_thread::sleep_for(std::chrono::milliseconds(10)); };
  prepare_together(options("set"), table);
  EXPECT_GT(table.most_untaken, 0);
  EXPECT_LT(table.most_untaken, int64_t{8} << 20);
}

TEST(EncodedBatch, IsReadBackAsItWas) {
  EncodedBatch batch{.file = 3, .bytes = 1000, .behind = {.file = 3, .offset = 17, .lines = 2, .hash = "abc"}};
  batch.empty = 4;
  batch.bad = 2;
  batch.first_fault = "in.jsonl:1: bad";
  batch.documents.push_back({.ids = {1, 2, 70000}, .text_bytes = 9, .held_out = true, .key = {5, 6}});
  batch.documents.push_back({.ids = {}, .text_bytes = 0, .held_out = false, .key = {}});
  const std::string bytes = pack(batch);
  const EncodedBatch again = unpack_batch(bytes, "rank 1");
  EXPECT_EQ(again.behind, batch.behind);
  EXPECT_EQ(again.first_fault, batch.first_fault);
  EXPECT_EQ(again.documents[0].ids, batch.documents[0].ids);
  EXPECT_EQ(again.documents[0].key, batch.documents[0].key);
  EXPECT_EQ(pack(again), bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(unpack_batch(std::string_view(bytes).substr(0, size), "rank 1"), Error) << size;
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string other = bytes;
    other[i] ^= 4;
    EXPECT_THROW(unpack_batch(other, "rank 1"), Error) << i;
  }
}

TEST(EncodedBatch, WhatTookItsPlaceIsThrown) {
  EXPECT_EQ(refusal([] { unpack_batch(pack_failure(ExitCode::kBadInput, "in.jsonl:1: bad"), "rank 1"); }),
            "in.jsonl:1: bad");
  EXPECT_THROW(unpack_batch(pack_failure(ExitCode::kStopped, "stopped"), "rank 1"), Stopped);
}

}  // namespace
}  // namespace cambium::data
