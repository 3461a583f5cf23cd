#pragma once

namespace cambium::model {

/// Hears where a training step stands, op by op: to measure with.
class StepClock {
 public:
  virtual ~StepClock() = default;
  virtual void begin(const char* op) = 0;
  virtual void end() = 0;
};

/// Runs `op` between the two, where there is a clock.
template <typename Op>
void timed(StepClock* clock, const char* name, Op&& op) {
  if (clock != nullptr) {
    clock->begin(name);
  }
  op();
  if (clock != nullptr) {
    clock->end();
  }
}

}  // namespace cambium::model
