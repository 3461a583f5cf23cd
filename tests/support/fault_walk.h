#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "cambium/base/error.h"
#include "cambium/base/fault.h"

namespace cambium {

/// Lets `work` fail at each point at which it changes the file system, in each way: the disk full, broken, full in the
/// middle of a write, the process killed (in a child). Before each time `prepare` sets the scene; afterwards, with the
/// disk well again, `check` is to find nothing lost and nothing half-written, told what happened ("killed at point 7 of
/// 40"). Prints the number of points. Of long walks each way takes every `stride`-th point, with CAMBIUM_LONG_TESTS
/// all.
template <typename Prepare, typename Work, typename Check>
void walk_faults(const std::string& name, const Prepare& prepare, const Work& work, const Check& check,
                 int64_t stride = 1) {
  using fault::Kind;
  prepare();
  fault::arm(Kind::kNone, 0);
  work();
  const int64_t points = fault::points_passed();
  ASSERT_GT(points, 0) << name;
  struct Way {
    Kind kind;
    const char* text;
  };
  constexpr std::array ways{Way{Kind::kFull, "disk full"}, Way{Kind::kBroken, "disk broken"},
                            Way{Kind::kShort, "short write"}, Way{Kind::kKill, "killed"}};
  const int64_t step = std::getenv("CAMBIUM_LONG_TESTS") == nullptr ? stride : 1;
  int64_t walked = 0, first = 1;
  for (const Way& way : ways) {
    for (int64_t point = 1 + first++ % step; point <= points; point += step) {
      const std::string what = format("{}: {} at point {} of {}", name, way.text, point, points);
      SCOPED_TRACE(what);
      prepare();
      if (way.kind == Kind::kKill) {
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
          fault::arm(way.kind, point);
          work();
          _exit(0);
        }
        int status = 0;
        waitpid(child, &status, 0);
        EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
      } else {
        fault::arm(way.kind, point);
        try {
          work();  // may end well where only tidying up failed
        } catch (const Error&) {
        }
      }
      fault::arm(Kind::kNone, 0);
      check(what);
      ++walked;
      if (testing::Test::HasFailure()) {
        return;  // the first one tells enough
      }
    }
  }
  std::printf("%s: %lld points, %lld faults walked\n", name.c_str(), static_cast<long long>(points),
              static_cast<long long>(walked));
}

}  // namespace cambium
