#include "cambium/dist/monitor.h"

#include <algorithm>
#include <cstdlib>

#include "cambium/base/error.h"
#include "cambium/base/log.h"
#include "cambium/base/text.h"
#include "cambium/dist/agreement.h"
#include "cambium/dist/store_text.h"

namespace cambium::dist {
namespace {

constexpr const char* kFailed = "failed";
constexpr int kBeatsToBeSure = 4;

std::string sign_of(int64_t rank) { return format("alive/{}", rank); }

/// What a rank had begun when it gave this sign.
int64_t begun_by(const std::string& sign) {
  const size_t colon = sign.find(':');
  return colon == std::string::npos ? 0 : std::atoll(sign.c_str() + colon + 1);
}

}  // namespace

Monitor::Monitor(c10::intrusive_ptr<c10d::Store> store, Partition place, std::vector<std::string> names,
                 std::chrono::milliseconds timeout)
    : store_(std::move(store)),
      place_(place),
      names_(std::move(names)),
      timeout_(timeout),
      beat_(std::clamp(timeout / 20, std::chrono::milliseconds(50), std::chrono::milliseconds(1000))),
      signs_(static_cast<size_t>(place.size), {"", Clock::now()}),
      watch_([this] { watch(); }),
      guard_([this] { guard(); }) {}

void Monitor::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (std::thread* thread : {&watch_, &guard_}) {
    if (thread->joinable()) {
      thread->join();
    }
  }
}

bool Monitor::rest() {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, beat_, [&] { return stop_; });
}

void Monitor::guard() {
  while (rest()) {
    const std::lock_guard lock(mutex_);
    if (Clock::now() - answered_ > timeout_) {
      end_without_store("does not answer");
    }
  }
}

void Monitor::watch() {
  while (rest()) {
    try {
      beat();
      obey();
      for (int64_t rank = place_.rank == 0 ? 1 : 0; rank < (place_.rank == 0 ? place_.size : 1); ++rank) {
        look_after(rank);
      }
    } catch (const std::exception&) {
      end_without_store("ended");
    }
    const std::lock_guard lock(mutex_);
    answered_ = Clock::now();
  }
}

void Monitor::beat() { store_->set(sign_of(place_.rank), bytes_of(format("{}:{}", ++beats_, begun_.load()))); }

void Monitor::look_after(int64_t rank) {
  Sign& last = signs_[static_cast<size_t>(rank)];
  const std::string sign = store_->check({sign_of(rank)}) ? text_of(store_->get(sign_of(rank))) : "";
  const auto now = Clock::now();
  if (sign != last.text) {
    last = {sign, now};
  } else if (now - last.since > timeout_) {
    post(format("{} gave no sign of life for {:.0f} s (`dist.timeout_s`)", names_of({rank}),
                std::chrono::duration<double>(timeout_).count()),
         static_cast<int>(ExitCode::kFailed));
    obey();
  }
}

std::string Monitor::names_of(const std::vector<int64_t>& ranks) const {
  std::vector<std::string> names;
  for (const int64_t rank : ranks) {
    names.push_back(names_[static_cast<size_t>(rank)]);
  }
  return join(names, ", ");
}

void Monitor::post(const std::string& why, int exit_code) {
  const std::string word =
      pack({{"rank", std::to_string(place_.rank)}, {"code", std::to_string(exit_code)}, {"", why}});
  store_->compareSet(kFailed, {}, bytes_of(word));  // the first word stays
}

void Monitor::obey() {
  if (!store_->check({kFailed})) {
    return;
  }
  const std::vector<Fact> word = unpack(text_of(store_->get(kFailed)));
  end(word.at(2).value, std::atoi(word.at(1).value.c_str()));
}

std::vector<int64_t> Monitor::to_blame() {
  const auto signs = [&] {
    std::vector<std::string> texts;
    for (int64_t rank = 0; rank < place_.size; ++rank) {
      texts.push_back(store_->check({sign_of(rank)}) ? text_of(store_->get(sign_of(rank))) : "");
    }
    return texts;
  };
  const std::vector<std::string> before = signs();
  std::this_thread::sleep_for(kBeatsToBeSure * beat_);
  const std::vector<std::string> after = signs();
  std::vector<int64_t> silent, behind;
  for (int64_t rank = 0; rank < place_.size; ++rank) {
    const auto i = static_cast<size_t>(rank);
    if (rank != place_.rank && after[i] == before[i]) {
      silent.push_back(rank);
    }
    if (begun_by(after[i]) < begun_) {
      behind.push_back(rank);
    }
  }
  return silent.empty() ? behind : silent;
}

void Monitor::fail(const std::string& what, const std::vector<int64_t>& absent) {
  try {
    obey();
    const std::vector<int64_t> blamed = absent.empty() ? to_blame() : absent;
    post(blamed.empty() ? format("{}: {}", names_of({place_.rank}), what)
                        : format("{} ended or hangs ({})", names_of(blamed), what),
         static_cast<int>(ExitCode::kFailed));
    obey();
  } catch (const std::exception&) {
    // Told below.
  }
  end_without_store("ended");
}

void Monitor::fail_here(const std::string& why, int exit_code) noexcept {
  try {
    post(format("{} failed: {}", names_of({place_.rank}), why), exit_code);
  } catch (const std::exception&) {
    // The others will find this rank silent.
  }
  end(why, exit_code);
}

void Monitor::end(const std::string& why, int exit_code) noexcept {
  if (ending_.exchange(true)) {
    std::this_thread::sleep_for(std::chrono::hours(1));  // the other thread is about to end the process
  }
  log_error(why);
  if (place_.rank == 0) {
    std::this_thread::sleep_for(kBeatsToBeSure * beat_);  // the store ends with this process: let the others read
  }
  // Not by way of exit(): threads of the engine hang in calls that nobody answers.
  std::_Exit(exit_code);
}

void Monitor::end_without_store(const char* why) noexcept {
  end(format("{} {}: it holds what the ranks agree by", names_of({0}), why), static_cast<int>(ExitCode::kFailed));
}

}  // namespace cambium::dist
