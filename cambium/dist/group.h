#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cambium/dist/agreement.h"
#include "cambium/dist/collectives.h"
#include "cambium/dist/partition.h"

namespace cambium::dist {

/// The processes of a run, seen from one of them: one program, many ranks, which all call the same functions in the
/// same order. A process on its own is a group of one, in which nothing has to be done.
///
/// Where a rank fails, gives no sign of life within the time-out or none of its calls comes in time, all others end
/// their process with exit code 1 and a message that names it: whatever they wait for would never come.
class Group {
 public:
  virtual ~Group() = default;

  virtual Partition place() const = 0;  ///< rank and size
  int64_t rank() const { return place().rank; }
  int64_t size() const { return place().size; }
  /// Whether this rank does what is to be done once: printing, writing what all share.
  bool leads() const { return rank() == 0; }

  /// Sums and gathers, for tensors of the kind that the group was joined for.
  virtual Collectives& collectives() = 0;

  /// Throws InvalidInput on all ranks, naming the first rank with another value than rank 0's and what differs.
  virtual void agree(const std::vector<Fact>& facts) = 0;
  /// Every rank's text, on all ranks, in their order.
  virtual std::vector<std::string> gather(const std::string& text) = 0;
  /// Rank 0's text, on all ranks.
  virtual std::string from_first(const std::string& text) = 0;
  /// Σ over the ranks, the same bits on all of them.
  double sum(double value);
  /// Does this rank's part of something that all write together, and returns when all ranks have done theirs. Where one
  /// of them finds its disk full, all throw DiskFull.
  void write_together(const std::function<void()>& part);
  /// Returns when all ranks have called it.
  virtual void meet() = 0;

  /// Hands a piece of work to rank 0, which takes each rank's in their order. Until then it lies in the memory of rank
  /// 0, or of its launcher; `untaken` says how many bytes of this rank's do.
  virtual void hand_to_first(const std::string& bytes) = 0;
  virtual int64_t untaken() = 0;
  /// On rank 0: the next that `rank` handed over; nothing where it is not there yet.
  virtual std::optional<std::string> take_from(int64_t rank) = 0;

  /// For a rank that cannot go on: the others end too, with this exit code and a message that names it. In a group of
  /// several this process ends here, `why` told as an error.
  virtual void tell_failure(const std::string& why, int exit_code) noexcept = 0;
  /// The end of the common work: from here on a rank may go without being missed.
  virtual void leave() = 0;
};

/// The group of one.
std::unique_ptr<Group> alone();

}  // namespace cambium::dist
