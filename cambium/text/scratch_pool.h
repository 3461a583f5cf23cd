#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace cambium::text {

/// Working memory of calls that may run at the same time: each takes one, and gives it back for a later call.
template <typename Scratch>
class ScratchPool {
 public:
  class Taken {
   public:
    Taken(const ScratchPool& pool, std::unique_ptr<Scratch> scratch) : pool_(pool), scratch_(std::move(scratch)) {}
    Taken(const Taken&) = delete;
    Taken& operator=(const Taken&) = delete;
    ~Taken() {
      const std::lock_guard lock(pool_.mutex_);
      pool_.idle_.push_back(std::move(scratch_));
    }
    Scratch* operator->() const { return scratch_.get(); }
    Scratch& operator*() const { return *scratch_; }

   private:
    const ScratchPool& pool_;
    std::unique_ptr<Scratch> scratch_;
  };

  Taken take() const {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<Scratch> scratch;
    if (idle_.empty()) {
      scratch = std::make_unique<Scratch>();
    } else {
      scratch = std::move(idle_.back());
      idle_.pop_back();
    }
    return {*this, std::move(scratch)};
  }

  /// Calls visit(scratch) for all; none may be taken meanwhile.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    const std::lock_guard lock(mutex_);
    for (const std::unique_ptr<Scratch>& scratch : idle_) visit(*scratch);
  }

 private:
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Scratch>> idle_;
};

}  // namespace cambium::text
