#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "cambium/data/batch_encoder.h"
#include "cambium/data/prepare_team.h"

namespace cambium::data {

/// On rank 0: the batches of the input, in its order, while they are encoded: those of its own turns by threads, the
/// others as their ranks hand them over (`help_prepare`).
class BatchQueue {
 public:
  /// `encoder` and `team` must outlive it.
  BatchQueue(const BatchEncoder& encoder, int threads, PrepareTeam& team);

  /// False where there are enough under way: the caller is to take some out first.
  bool has_room(int64_t bytes) const { return threads_.has_room(bytes); }
  void submit(DocumentBatch batch);
  bool empty() const { return under_way_.empty(); }
  /// True where the oldest batch is encoded already.
  bool next_is_ready();
  /// The oldest batch; waits for it. Throws what its encoding threw, on whichever rank; OtherInput where that rank read
  /// something else; Stopped on a signal to either.
  EncodedBatch next();

 private:
  struct Submitted {
    int64_t rank;
    size_t file;
    int64_t bytes;
    InputPosition behind;
  };
  bool next_is_own() const { return under_way_.front().rank == team_.rank(); }
  bool has_come();
  EncodedBatch handed_over();

  PrepareTeam& team_;
  PrepareTurns turns_;
  std::deque<Submitted> under_way_;
  std::optional<std::string> came_;  ///< the oldest batch, where it is another rank's and here
  EncodingThreads threads_;
};

}  // namespace cambium::data
