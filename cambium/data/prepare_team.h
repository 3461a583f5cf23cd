#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cambium::data {

/// The processes that share a preparation, seen from one of them; by itself, one on its own. Rank 0 writes the dataset,
/// the others hand it what they encode. `agree` and `from_first` are called by all of them in the same order.
class PrepareTeam {
 public:
  virtual ~PrepareTeam() = default;

  virtual int64_t rank() const { return 0; }
  virtual int64_t size() const { return 1; }

  /// Throws InvalidInput, on all ranks, where one has another `value` of what is called `what` than rank 0.
  virtual void agree(const std::string& /*what*/, const std::string& /*value*/) {}
  /// Rank 0's text, on all ranks.
  virtual std::string from_first(const std::string& text) { return text; }

  /// Hands something to rank 0, which takes what a rank hands over in that order.
  virtual void hand_over(const std::string& /*bytes*/) {}
  /// How many bytes of this rank's rank 0 has not taken yet.
  virtual int64_t untaken() { return 0; }
  /// On rank 0: the next that `rank` handed over; nothing where it is not there yet.
  virtual std::optional<std::string> take(int64_t /*rank*/) { return std::nullopt; }
};

/// Whose turn it is to encode each batch, counted from where the preparation begins or goes on.
class PrepareTurns {
 public:
  explicit PrepareTurns(const PrepareTeam& team) : size_(team.size()) {}
  /// The rank of the next batch.
  int64_t next() { return batches_++ % size_; }

 private:
  int64_t size_, batches_ = 0;
};

}  // namespace cambium::data
