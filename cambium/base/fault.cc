#include "cambium/base/fault.h"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

namespace cambium::fault {
namespace {

struct Plan {
  std::atomic<Kind> kind{Kind::kNone};
  std::atomic<int64_t> point{0};
  std::atomic<int64_t> calls{std::numeric_limits<int64_t>::max()};
  std::atomic<int64_t> passed{0};
};

Kind kind_of(std::string_view name) {
  return name == "full"     ? Kind::kFull
         : name == "broken" ? Kind::kBroken
         : name == "short"  ? Kind::kShort
         : name == "kill"   ? Kind::kKill
                            : Kind::kNone;
}

void read_environment(Plan& plan) {
  const char* text = std::getenv("CAMBIUM_FAULT");
  const std::string_view wanted = text == nullptr ? "" : text;
  if (wanted == "count") {
    std::atexit([] { std::fprintf(stderr, "fault points: %lld\n", static_cast<long long>(points_passed())); });
    return;
  }
  const size_t colon = wanted.find(':');
  if (colon == std::string_view::npos) {
    return;
  }
  const char* const end = wanted.data() + wanted.size();
  int64_t point = 0, calls = plan.calls;
  const char* behind = std::from_chars(wanted.data() + colon + 1, end, point).ptr;
  if (behind != end && *behind == ':') {
    std::from_chars(behind + 1, end, calls);
  }
  plan.kind = kind_of(wanted.substr(0, colon));
  plan.point = point;
  plan.calls = calls;
}

Plan& plan() {
  static Plan* const plan = [] {
    auto* made = new Plan;  // never destroyed: files are written until the very end of the process
    read_environment(*made);
    return made;
  }();
  return *plan;
}

/// Passes a point; the kind of fault that is due there.
Kind pass() {
  Plan& now = plan();
  const int64_t point = ++now.passed;
  const Kind kind = now.kind;
  return kind != Kind::kNone && point >= now.point && point - now.point < now.calls ? kind : Kind::kNone;
}

void take_effect(Kind kind) {
  if (kind == Kind::kKill) {
    std::raise(SIGKILL);
  }
  errno = kind == Kind::kBroken ? EIO : ENOSPC;
}

}  // namespace

void arm(Kind kind, int64_t point, int64_t calls) {
  plan().passed = 0;
  plan().point = point;
  plan().calls = calls;
  plan().kind = kind;
}

int64_t points_passed() { return plan().passed; }

bool strikes() {
  const Kind kind = pass();
  if (kind == Kind::kNone) {
    return false;
  }
  take_effect(kind);
  return true;
}

Write strikes_write(int64_t size) {
  const Kind kind = pass();
  if (kind == Kind::kNone) {
    return {.size = size, .fails = false};
  }
  const bool half = kind == Kind::kShort || kind == Kind::kKill;
  return {.size = half ? size / 2 : 0, .fails = true};
}

void finish_write() { take_effect(plan().kind); }

}  // namespace cambium::fault
