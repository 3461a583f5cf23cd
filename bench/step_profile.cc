#include "bench/step_profile.h"

#include <algorithm>

#include "bench/stopwatch.h"
#include "cambium/model/step_clock.h"
#include "cambium/ops/backend.h"

namespace cambium::bench {
namespace {

/// Adds up the times of the ops of a step.
class OpClock : public model::StepClock {
 public:
  explicit OpClock(ops::Backend* device) : device_(device) {}

  void begin(const char* op) override {
    wait();
    op_ = op;
    watch_ = Stopwatch();
  }
  void end() override {
    wait();
    auto found = std::find_if(times_.begin(), times_.end(), [&](const OpTime& time) { return time.op == op_; });
    if (found == times_.end()) {
      found = times_.insert(times_.end(), OpTime{.op = op_});
    }
    found->seconds += watch_.seconds();
    ++found->calls;
  }
  StepProfile take() {
    StepProfile profile{.ops = std::move(times_)};
    for (const OpTime& time : profile.ops) {
      profile.seconds += time.seconds;
    }
    times_.clear();
    return profile;
  }

 private:
  void wait() {
    if (device_ != nullptr) {
      device_->synchronize();
    }
  }

  ops::Backend* device_;
  const char* op_ = "";
  Stopwatch watch_;
  std::vector<OpTime> times_;
};

}  // namespace

StepProfile profile_step(Trainee& trainee, double seconds) {
  constexpr int kSteps = 3;
  OpClock clock(ops::backend_of(trainee.gradients.embedding));
  StepProfile best;
  const Stopwatch watch;
  for (int i = 0; i < kSteps || watch.seconds() < seconds; ++i) {
    trainee.step(&clock);
    StepProfile profile = clock.take();
    if (i == 0 || profile.seconds < best.seconds) {
      best = std::move(profile);
    }
  }
  return best;
}

}  // namespace cambium::bench
