#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "cambium/dist/partition.h"

namespace cambium::dist {

/// Pieces of work on their way from the other ranks to rank 0, each rank's in their order, through the store that all
/// of them are joined by: no folder that all see, and nothing left behind. What is not taken yet lies in the memory of
/// the process that holds the store.
class HandOver {
 public:
  HandOver(c10::intrusive_ptr<c10d::Store> store, Partition place);

  void give(const std::string& bytes);
  /// Bytes that this rank gave and rank 0 has not taken yet.
  int64_t untaken();
  /// On rank 0: the next that `rank` gave; nothing where it is not there yet.
  std::optional<std::string> take(int64_t rank);

 private:
  struct Given {
    std::string key;
    int64_t bytes;
  };

  c10::intrusive_ptr<c10d::Store> store_;
  int64_t rank_;
  int64_t num_given_ = 0;
  std::vector<int64_t> num_taken_;  ///< of each rank
  std::deque<Given> untaken_;
};

}  // namespace cambium::dist
