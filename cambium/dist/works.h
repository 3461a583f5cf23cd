#pragma once

#include <memory>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Work.hpp>
#include <utility>
#include <vector>

#include "cambium/dist/engine.h"

namespace cambium::dist {

/// A message of LibTorch without the trace behind it.
inline std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// Works of LibTorch's engine, waited for together.
class Works : public Pending {
 public:
  using Work = c10::intrusive_ptr<c10d::Work>;
  Works(std::vector<Work> works, const OnFailure& on_failure) : works_(std::move(works)), on_failure_(on_failure) {}
  void wait() override {
    try {
      for (const Work& work : works_) {
        work->wait();
      }
    } catch (const std::exception& error) {
      on_failure_(first_line(error.what()));
    }
  }

 private:
  std::vector<Work> works_;
  const OnFailure& on_failure_;
};

/// Starts works with `begin`, which gives a vector of them.
template <typename Begin>
std::unique_ptr<Pending> start_works(const OnFailure& on_failure, const Begin& begin) {
  std::vector<Works::Work> works;
  try {
    works = begin();
  } catch (const std::exception& error) {
    on_failure(first_line(error.what()));
  }
  return std::make_unique<Works>(std::move(works), on_failure);
}

/// A flat buffer as the engine's calls need it: what divides evenly over the ranks, own part of that, and the rest,
/// which is the last rank's.
struct Cut {
  Cut(const Partition& place, const at::Tensor& flat) {
    const int64_t part = Partition{.rank = 0, .size = place.size}.of(flat.numel()).end, even = part * place.size;
    all = flat.narrow(0, 0, even);
    own = flat.narrow(0, place.rank * part, part);
    rest = flat.narrow(0, even, flat.numel() - even);
  }
  at::Tensor all, own, rest;
};

/// What is the same with every engine of LibTorch's.
class EngineCollectives : public Collectives {
 public:
  EngineCollectives(c10::intrusive_ptr<c10d::Backend> engine, const EngineOptions& options)
      : engine_(std::move(engine)), place_(options.place), on_failure_(options.on_failure) {}

  std::unique_ptr<Pending> start_sum(const at::Tensor& values) override {
    return start_works(on_failure_, [&] { return std::vector{sum(values)}; });
  }

  std::unique_ptr<Pending> start_gather_from_owners(const at::Tensor& flat) override {
    return start_works(on_failure_, [&] {
      Cut cut(place_, flat);
      std::vector<Works::Work> works;
      if (cut.all.numel() > 0) {
        works.push_back(engine_->_allgather_base(cut.all, cut.own));
      }
      if (cut.rest.numel() > 0) {
        std::vector<at::Tensor> rest{cut.rest};
        c10d::BroadcastOptions from_last;
        from_last.rootRank = place_.size - 1;
        works.push_back(engine_->broadcast(rest, from_last));
      }
      return works;
    });
  }

 protected:
  Works::Work sum(const at::Tensor& values) {
    std::vector<at::Tensor> tensors{values};
    return engine_->allreduce(tensors);
  }

  c10::intrusive_ptr<c10d::Backend> engine_;
  Partition place_;
  OnFailure on_failure_;
};

}  // namespace cambium::dist
