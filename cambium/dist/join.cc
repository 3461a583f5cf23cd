#include "cambium/dist/join.h"

#include <arpa/inet.h>
#include <c10/util/Logging.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "cambium/base/error.h"
#include "cambium/base/host.h"
#include "cambium/base/log.h"
#include "cambium/base/text.h"
#include "cambium/dist/hand_over.h"
#include "cambium/dist/monitor.h"
#include "cambium/dist/store_text.h"

namespace cambium::dist {
namespace {

using StorePtr = c10::intrusive_ptr<c10d::Store>;

double seconds(std::chrono::milliseconds time) { return std::chrono::duration<double>(time).count(); }

/// The address of this machine from which it reaches `address`: the one that the others reach it by.
std::string own_address(const std::string& address, int64_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    bad_input("environment: MASTER_ADDR: no such host: `{}`", address);
  }
  std::array<char, NI_MAXHOST> text{};
  for (const addrinfo* to = found; to != nullptr && text[0] == '\0'; to = to->ai_next) {
    const int fd = socket(to->ai_family, SOCK_DGRAM, 0);
    sockaddr_storage own{};
    socklen_t length = sizeof(own);
    auto* const generic = reinterpret_cast<sockaddr*>(&own);
    if (fd >= 0 && connect(fd, to->ai_addr, to->ai_addrlen) == 0 && getsockname(fd, generic, &length) == 0) {
      getnameinfo(generic, length, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
    }
    if (fd >= 0) {
      close(fd);
    }
  }
  freeaddrinfo(found);
  if (text[0] == '\0') {
    fail("MASTER_ADDR: `{}` cannot be reached from this machine ({})", address, host_name());
  }
  return text.data();
}

/// The store that rank 0 (or its launcher) holds and all ranks write to.
StorePtr open_store(const Environment& environment, std::chrono::milliseconds timeout) {
  const bool serves = environment.rank == 0 && !environment.launcher_listens;
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(environment.port);
  options.isServer = serves;
  options.waitWorkers = false;
  options.timeout = timeout;
  try {
    return c10::make_intrusive<c10d::TCPStore>(environment.address, options);
  } catch (const std::exception& error) {
    if (serves) {
      fail("rank 0 cannot listen on port {} (MASTER_PORT) of this machine ({}): {}\n  HINT: choose a port that is free",
           environment.port, host_name(),
           std::string_view(error.what()).find("EADDRINUSE") != std::string_view::npos ? "it is in use" : error.what());
    }
    fail("rank {}: rank 0 did not answer at {}:{} (MASTER_ADDR, MASTER_PORT) within {:.0f} s (`dist.timeout_s`)",
         environment.rank, environment.address, environment.port, seconds(timeout));
  }
}

class Joined : public Group {
 public:
  Joined(const Environment& environment, const JoinOptions& options)
      : place_{environment.rank, environment.size},
        timeout_(options.timeout),
        patience_(std::max(options.timeout, options.patience)) {
    setenv("TORCH_CPP_LOG_LEVEL", "FATAL", /*overwrite=*/0);  // what goes wrong is told here, by the ranks' names
    c10::initLogging();
    const std::string host = own_address(environment.address, environment.port);
    // Clients try a little longer than rank 0 waits: it is the one that knows who is missing.
    store_ = open_store(environment, timeout_);
    const std::string prefix = "cambium/" + environment.attempt;
    const StorePtr second = store_->clone();
    store_ = c10::make_intrusive<c10d::PrefixStore>(prefix, store_);
    hand_over_.emplace(c10::make_intrusive<c10d::PrefixStore>("handed", store_), place_);
    monitor_.emplace(c10::make_intrusive<c10d::PrefixStore>(prefix, second), place_, wait_for_ranks(), timeout_);
    try {
      collectives_ = options.engine({.store = c10::make_intrusive<c10d::PrefixStore>("engine", store_),
                                     .place = place_,
                                     .host = host,
                                     .timeout = timeout_,
                                     .on_failure = [this](const std::string& what) { monitor_->fail(what); }});
    } catch (const std::exception& error) {
      tell_failure(error.what(), static_cast<int>(ExitCode::kFailed));
    }
  }

  Partition place() const override { return place_; }
  Collectives& collectives() override {
    monitor_->count();
    return *collectives_;
  }

  std::vector<std::string> gather(const std::string& text) override {
    const std::string exchange = next_exchange();
    std::vector<std::string> texts;
    ask_store([&] {
      store_->set(key(exchange, rank()), bytes_of(text));
      for (const std::string& name : keys(exchange)) {
        wait_for(exchange, name);
        texts.push_back(text_of(store_->get(name)));
      }
      if (exchanges_ > 2) {  // all have read the one before the last: they took part in the last
        store_->deleteKey(key(format("exchange/{}", exchanges_ - 2), rank()));
      }
    });
    return texts;
  }

  std::string from_first(const std::string& text) override { return gather(leads() ? text : "").front(); }

  void agree(const std::vector<Fact>& facts) override {
    const std::vector<Fact> first = unpack(from_first(pack(facts)));
    const std::vector<std::string> differences = gather(difference(facts, first));
    for (int64_t other = 0; other < size(); ++other) {
      if (!differences[static_cast<size_t>(other)].empty()) {
        bad_input("{} {}", names_[static_cast<size_t>(other)], differences[static_cast<size_t>(other)]);
      }
    }
  }

  void meet() override { gather(""); }

  void hand_to_first(const std::string& bytes) override {
    ask_store([&] { hand_over_->give(bytes); });
  }
  int64_t untaken() override {
    return ask_store([&] { return hand_over_->untaken(); });
  }
  std::optional<std::string> take_from(int64_t rank) override {
    return ask_store([&] { return hand_over_->take(rank); });
  }

  void tell_failure(const std::string& why, int exit_code) noexcept override { monitor_->fail_here(why, exit_code); }

  void leave() override {
    meet();
    monitor_->stop();
    store_->add("left", 1);
    for (const auto end = Clock::now() + timeout_; leads() && store_->add("left", 0) < size() && Clock::now() < end;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));  // the store goes with rank 0: the last to leave
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  static std::string key(const std::string& exchange, int64_t rank) { return format("{}/{}", exchange, rank); }
  std::vector<std::string> keys(const std::string& exchange) const {
    std::vector<std::string> all;
    for (int64_t rank = 0; rank < size(); ++rank) {
      all.push_back(key(exchange, rank));
    }
    return all;
  }

  /// What the store says; where it does not, rank 0 is gone with it.
  template <typename Ask>
  auto ask_store(const Ask& ask) -> decltype(ask()) {
    try {
      return ask();
    } catch (const std::exception&) {
      monitor_->fail("the store does not answer");
    }
  }

  std::string next_exchange() {
    monitor_->count();
    return format("exchange/{}", ++exchanges_);
  }

  std::vector<int64_t> absent_from(const std::string& exchange) const {
    std::vector<int64_t> absent;
    for (int64_t rank = 0; rank < size(); ++rank) {
      if (!store_->check({key(exchange, rank)})) {
        absent.push_back(rank);
      }
    }
    return absent;
  }

  void wait_for(const std::string& exchange, const std::string& name) {
    try {
      store_->wait({name}, patience_);
    } catch (const std::exception&) {
      std::vector<int64_t> absent;
      try {
        absent = absent_from(exchange);
      } catch (const std::exception&) {
        // The store is gone: the monitor says so.
      }
      monitor_->fail(format("the others waited for {:.0f} s, `dist.timeout_s`", seconds(patience_)), absent);
    }
  }

  /// Names of all ranks, once all are there.
  std::vector<std::string> wait_for_ranks() {
    store_->set(key("here", rank()), bytes_of(format("rank {} ({}, process {})", rank(), host_name(), getpid())));
    if (leads()) {
      store_->set("start", bytes_of(roll_call()));
    }
    try {
      store_->wait({"start"}, timeout_ + std::chrono::seconds(10));
    } catch (const std::exception&) {
      fail("rank {}: rank 0 was there, but did not start within {:.0f} s (`dist.timeout_s`)", rank(),
           seconds(timeout_));
    }
    const std::string missing = text_of(store_->get("start"));
    if (!missing.empty()) {
      store_->add("told", 1);
      for (int i = 0; leads() && i < 20 && store_->add("told", 0) < told_; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the store goes with rank 0
      }
      fail("{}", missing);
    }
    for (const std::string& name : keys("here")) {
      names_.push_back(text_of(store_->get(name)));
    }
    return names_;
  }

  /// Waits for all ranks: "", or who did not come.
  std::string roll_call() {
    const auto end = Clock::now() + timeout_;
    std::vector<int64_t> absent = absent_from("here");
    while (!absent.empty() && Clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      absent = absent_from("here");
    }
    if (absent.empty()) {
      return "";
    }
    told_ = size() - static_cast<int64_t>(absent.size());
    std::vector<std::string> names;
    for (const int64_t rank : absent) {
      names.push_back(std::to_string(rank));
    }
    return format("{} of {} ranks did not come within {:.0f} s (`dist.timeout_s`): {} {}", absent.size(), size(),
                  seconds(timeout_), absent.size() == 1 ? "rank" : "ranks", cambium::join(names, ", "));
  }

  Partition place_;
  std::chrono::milliseconds timeout_, patience_;
  StorePtr store_;
  std::vector<std::string> names_;
  int64_t exchanges_ = 0;
  int64_t told_ = 0;  ///< ranks that are there where others are missing
  std::optional<HandOver> hand_over_;
  std::optional<Monitor> monitor_;
  std::unique_ptr<Collectives> collectives_;
};

}  // namespace

void with_group(const Environment& environment, const JoinOptions& options, const std::function<void(Group&)>& work) {
  if (environment.rank > 0) {
    log_as_follower(format("rank {}", environment.rank));
  }
  const std::unique_ptr<Group> group = environment.size == 1 ? alone() : std::make_unique<Joined>(environment, options);
  try {
    work(*group);
  } catch (const Error& error) {
    group->tell_failure(error.what(), static_cast<int>(error.exit_code()));
    throw;
  } catch (const std::exception& error) {
    group->tell_failure(error.what(), static_cast<int>(ExitCode::kFailed));
    throw;
  }
  group->leave();
}

}  // namespace cambium::dist
