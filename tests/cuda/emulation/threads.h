#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>

// The threads of a block as fibers of one thread of the CPU.

namespace emulation {

struct Index {
  unsigned x = 1, y = 1, z = 1;
  constexpr Index() = default;
  constexpr explicit Index(unsigned x_, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

struct Launch {
  Index grid, block;  ///< blocks of one dimension: x only
  size_t shared_bytes;
};
/// Within the limits of compute capability 8.0.
bool is_valid(const Launch& launch);

/// A kernel whose threads wait in vain, wait in different places, or write behind their shared memory.
struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// In which order blocks and threads get to run, as far as they do not wait: results must not depend on it.
enum class Order { kForward, kBackward };
void set_order(Order order);

/// Runs `body` as every thread of every block. Shared memory is full of NaN at the start of each block.
void run(const Launch& launch, const std::function<void()>& body);

/// A place in a kernel's source.
struct Place {
  const char* file = "";
  int line = 0;
};

/// Of the thread that runs, in its warp.
int lane();
/// All threads of the block come to `where`.
void wait_for_block(const Place& where);
/// All lanes of the warp come to `where`, each with a value; gives that of lane `from`. `mask` must name all of them.
uint64_t exchange(unsigned mask, uint64_t value, int from, const Place& where);

}  // namespace emulation
