#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

/// Faults on purpose: what a full disk, a broken one or a machine that stops does to a process, at a chosen point.
/// Every call through which the program changes the file system is a point: opening for writing, writing, flushing to
/// disk, renaming, making a directory, removing. Points are counted over the life of the process.
///
/// Tests arm it themselves, or start the program with CAMBIUM_FAULT=KIND:POINT or KIND:POINT:CALLS (kinds: full,
/// broken, short, kill; behind that many failing calls all is well again), or with CAMBIUM_FAULT=count, which prints
/// the number of points at the end.
namespace cambium::fault {

enum class Kind {
  kNone,
  kFull,    ///< the call fails with ENOSPC
  kBroken,  ///< with EIO
  kShort,   ///< a write puts half of its bytes, other calls nothing; then as kFull
  kKill,    ///< SIGKILL before the call; a write puts half of its bytes first
};

/// The point is counted from here: 1 is the next call. From a failing point on every later one fails too, as on a disk
/// that stays full; kNone ends that, and so do `calls` failing ones.
void arm(Kind kind, int64_t point, int64_t calls = std::numeric_limits<int64_t>::max());

/// Points passed since `arm`, or since the start of the process.
int64_t points_passed();

/// Passes a point. Where the fault is due, ends the process or sets errno and returns true: the call is to fail.
bool strikes();

/// The same for a write of `size` bytes: how many the call is to write before the fault, `size` where there is none.
struct Write {
  int64_t size;
  bool fails;
};
Write strikes_write(int64_t size);

/// After the part of a write that was to reach the disk: fails (errno) or ends the process, as the kind has it.
void finish_write();

}  // namespace cambium::fault
