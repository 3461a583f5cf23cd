#include "tests/cuda/emulation/threads.h"

#include <ucontext.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "cambium/base/format.h"
#include "tests/cuda/emulation/cuda_runtime.h"

namespace {
emulation::Index current_thread, current_block, current_block_size, current_grid;
}
// NOLINTNEXTLINE(readability-identifier-naming)
const emulation::Index &threadIdx = current_thread, &blockIdx = current_block, &blockDim = current_block_size,
                       &gridDim = current_grid;

// The address sanitizer follows one stack a thread; these, there in its builds, tell it that another one is entered.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" {
[[gnu::weak]] void __sanitizer_start_switch_fiber(void** shadow_of_old, const void* new_bottom, size_t new_bytes);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void* shadow_of_new, const void** old_bottom, size_t* old_bytes);
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

namespace cambium::ops::cuda {
/// What kernels call their shared memory (reduce.h): the most that a block may have without asking specially, and room
/// to see what is written behind the end.
constexpr size_t kMostShared = 48 * 1024, kGuard = 1024;
double block_memory[(kMostShared + kGuard) / sizeof(double)];
}  // namespace cambium::ops::cuda

namespace emulation {
namespace {

constexpr int kWarp = 32;
constexpr size_t kStackBytes = 64 * 1024;
constexpr unsigned char kPoison = 0xFF;  // a NaN in every type

/// What a group of threads waits for: all of them.
struct Barrier {
  int size = 0;
  std::vector<int> waiting;  ///< threads
  Place where;
};

struct Warp {
  Barrier barrier;
  /// What the lanes brought to this exchange and to the last one, which some may not have read yet.
  std::array<std::array<uint64_t, kWarp>, 2> values;
  int turn = 0;
};

std::string text(const Place& where) { return cambium::format("{}:{}", where.file, where.line); }

/// A stack, and where the one who runs on it stands.
struct Context {
  ucontext_t registers;
  const void* bottom = nullptr;
  size_t bytes = 0;
  void* shadow = nullptr;  ///< the address sanitizer's
};

Context* left = nullptr;  ///< by whoever runs now

/// The first thing to do on a stack that was switched to.
void arrive(void* shadow) {
  if (__sanitizer_finish_switch_fiber != nullptr) {
    __sanitizer_finish_switch_fiber(shadow, &left->bottom, &left->bytes);
  }
}

/// Goes on there; returns when somebody goes on here.
void switch_stacks(Context& from, Context& to) {
  left = &from;
  if (__sanitizer_start_switch_fiber != nullptr) {
    __sanitizer_start_switch_fiber(&from.shadow, to.bottom, to.bytes);
  }
  swapcontext(&from.registers, &to.registers);
  arrive(from.shadow);
}

/// A stack on which threads run: one after another, as long as none has to wait.
struct Fiber {
  Context context;
  std::unique_ptr<std::byte[]> stack;
};

class Block {
 public:
  void start(int threads, Order order);
  void run_threads(const std::function<void()>& body);
  void wait(Barrier& barrier, const Place& where);
  void stop(const std::string& fault);

  Barrier& all() { return barrier_; }
  Warp& warp() { return warps_[current_thread.x / kWarp]; }
  /// Fibers that were left in the middle of a thread are of no more use.
  void abandon() {
    free_.clear();
    fibers_.clear();
  }

 private:
  static void enter();
  void run_fiber();
  void begin_or_resume_others(Fiber& from);
  Fiber& fresh_fiber();

  Order order_ = Order::kForward;
  int threads_ = 0, begun_ = 0, done_ = 0;
  Barrier barrier_;
  std::vector<Warp> warps_;
  std::deque<int> ready_;
  const std::function<void()>* body_ = nullptr;
  std::string fault_;

  Context scheduler_;
  Fiber* running_ = nullptr;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> free_, of_thread_;
};

Block block;
Order order_of_all = Order::kForward;

void Block::start(int threads, Order order) {
  order_ = order;
  threads_ = threads;
  begun_ = done_ = 0;
  barrier_ = {.size = threads, .waiting = {}, .where = {}};
  warps_.assign(static_cast<size_t>((threads + kWarp - 1) / kWarp), {});
  for (size_t i = 0; i < warps_.size(); ++i) {
    warps_[i].barrier.size = std::min(kWarp, threads - static_cast<int>(i) * kWarp);
  }
  ready_.clear();
  of_thread_.assign(static_cast<size_t>(threads), nullptr);
  fault_.clear();
}

void Block::run_threads(const std::function<void()>& body) {
  body_ = &body;
  running_ = &fresh_fiber();
  switch_stacks(scheduler_, running_->context);
  if (done_ < threads_) {
    std::string message = fault_;
    if (message.empty()) {
      message = cambium::format("of {} threads {} have returned", threads_, done_);
      const auto tell = [&](const Barrier& barrier) {
        if (!barrier.waiting.empty()) {
          message +=
              cambium::format(", {} wait for {} at {}", barrier.waiting.size(), barrier.size, text(barrier.where));
        }
      };
      tell(barrier_);
      std::for_each(warps_.begin(), warps_.end(), [&](const Warp& each) { tell(each.barrier); });
    }
    abandon();
    throw Fault("block " + std::to_string(current_block.x) + ": " + message);
  }
}

Fiber& Block::fresh_fiber() {
  if (free_.empty()) {
    auto fiber = std::make_unique<Fiber>();
    fiber->stack = std::make_unique_for_overwrite<std::byte[]>(kStackBytes);
    ucontext_t& registers = fiber->context.registers;
    getcontext(&registers);
    registers.uc_stack.ss_sp = fiber->stack.get();
    registers.uc_stack.ss_size = kStackBytes;
    makecontext(&registers, &Block::enter, 0);
    fiber->context.bottom = fiber->stack.get();
    fiber->context.bytes = kStackBytes;
    free_.push_back(fiber.get());
    fibers_.push_back(std::move(fiber));
  }
  Fiber& fiber = *free_.back();
  free_.pop_back();
  return fiber;
}

void Block::enter() {
  arrive(nullptr);
  block.run_fiber();
}

void Block::run_fiber() {
  Fiber& self = *running_;
  while (true) {
    while (begun_ < threads_) {
      const int thread = order_ == Order::kForward ? begun_ : threads_ - 1 - begun_;
      ++begun_;
      current_thread = Index(static_cast<unsigned>(thread), 0, 0);
      of_thread_[static_cast<size_t>(thread)] = &self;
      (*body_)();
      ++done_;
    }
    free_.push_back(&self);
    begin_or_resume_others(self);
  }
}

/// Leaves `from` for a thread that can go on, else for the scheduler; returns when `from` runs again.
void Block::begin_or_resume_others(Fiber& from) {
  if (!fault_.empty() || (ready_.empty() && begun_ == threads_)) {
    switch_stacks(from.context, scheduler_);
    return;
  }
  if (ready_.empty()) {
    running_ = &fresh_fiber();
  } else {
    // Backward: whoever became ready last runs first, as far ahead of the others as the barriers let it.
    const int thread = order_ == Order::kForward ? ready_.front() : ready_.back();
    order_ == Order::kForward ? ready_.pop_front() : ready_.pop_back();
    current_thread = Index(static_cast<unsigned>(thread), 0, 0);
    running_ = of_thread_[static_cast<size_t>(thread)];
  }
  if (running_ != &from) {
    switch_stacks(from.context, running_->context);
  }
}

/// Ends the launch from within a thread, which does not go on.
void Block::stop(const std::string& fault) {
  fault_ = fault;
  begin_or_resume_others(*of_thread_[current_thread.x]);
}

void Block::wait(Barrier& barrier, const Place& where) {
  const int thread = static_cast<int>(current_thread.x);
  if (barrier.waiting.empty()) {
    barrier.where = where;
  } else if (barrier.where.line != where.line || std::strcmp(barrier.where.file, where.file) != 0) {
    stop(cambium::format("thread {} waits at {}, thread {} at {}", barrier.waiting[0], text(barrier.where), thread,
                         text(where)));
  }
  barrier.waiting.push_back(thread);
  if (static_cast<int>(barrier.waiting.size()) == barrier.size) {
    ready_.insert(ready_.end(), barrier.waiting.begin(), barrier.waiting.end());
    barrier.waiting.clear();
  }
  begin_or_resume_others(*of_thread_[static_cast<size_t>(thread)]);
}

}  // namespace

bool is_valid(const Launch& launch) {
  const auto within = [](unsigned value, unsigned most) { return value >= 1 && value <= most; };
  return within(launch.grid.x, 0x7FFFFFFFU) && within(launch.grid.y, 0xFFFFU) && launch.grid.z == 1 &&
         within(launch.block.x, 1024) && launch.block.y == 1 && launch.block.z == 1 &&
         launch.shared_bytes <= cambium::ops::cuda::kMostShared;
}

void set_order(Order order) { order_of_all = order; }

void run(const Launch& launch, const std::function<void()>& body) {
  auto* shared = reinterpret_cast<unsigned char*>(cambium::ops::cuda::block_memory);
  const size_t blocks = size_t{launch.grid.x} * launch.grid.y;
  for (size_t i = 0; i < blocks; ++i) {
    const size_t index = order_of_all == Order::kForward ? i : blocks - 1 - i;
    current_grid = launch.grid;
    current_block_size = launch.block;
    current_block =
        Index(static_cast<unsigned>(index % launch.grid.x), static_cast<unsigned>(index / launch.grid.x), 0);
    std::memset(shared, kPoison, launch.shared_bytes + cambium::ops::cuda::kGuard);
    block.start(static_cast<int>(launch.block.x), order_of_all);
    block.run_threads(body);
    const unsigned char* end = shared + launch.shared_bytes;
    if (std::any_of(end, end + cambium::ops::cuda::kGuard, [](unsigned char byte) { return byte != kPoison; })) {
      throw Fault("block " + std::to_string(index) + " wrote behind its shared memory");
    }
  }
}

int lane() { return static_cast<int>(current_thread.x % kWarp); }

void wait_for_block(const Place& where) { block.wait(block.all(), where); }

uint64_t exchange(unsigned mask, uint64_t value, int from, const Place& where) {
  Warp& warp = block.warp();
  if (mask != ~0U || from < 0 || from >= warp.barrier.size) {
    block.stop("an exchange by a part of a warp at " + text(where));
  }
  const auto turn = static_cast<size_t>(warp.turn);
  warp.values[turn][static_cast<size_t>(lane())] = value;
  if (static_cast<int>(warp.barrier.waiting.size()) + 1 == warp.barrier.size) {
    warp.turn = 1 - warp.turn;
  }
  block.wait(warp.barrier, where);
  return warp.values[turn][static_cast<size_t>(from)];
}

}  // namespace emulation
