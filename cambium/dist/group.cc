#include "cambium/dist/group.h"

#include <cstdlib>

#include "cambium/base/error.h"

namespace cambium::dist {
namespace {

class Done : public Pending {
 public:
  void wait() override {}
};

class Alone : public Group, private Collectives {
 public:
  Partition place() const override { return {}; }
  Collectives& collectives() override { return *this; }
  void agree(const std::vector<Fact>&) override {}
  std::vector<std::string> gather(const std::string& text) override { return {text}; }
  std::string from_first(const std::string& text) override { return text; }
  void meet() override {}
  void hand_to_first(const std::string&) override {}
  int64_t untaken() override { return 0; }
  std::optional<std::string> take_from(int64_t) override { return std::nullopt; }
  void tell_failure(const std::string&, int) noexcept override {}
  void leave() override {}

 private:
  std::unique_ptr<Pending> start_sum(const at::Tensor&) override { return std::make_unique<Done>(); }
  std::unique_ptr<Pending> start_sum_to_owners(const at::Tensor&) override { return std::make_unique<Done>(); }
  std::unique_ptr<Pending> start_gather_from_owners(const at::Tensor&) override { return std::make_unique<Done>(); }
};

}  // namespace

double Group::sum(double value) {
  double total = 0;
  for (const std::string& part : gather(format("{:a}", value))) {
    total += std::strtod(part.c_str(), nullptr);
  }
  return total;
}

void Group::write_together(const std::function<void()>& part) {
  std::string full;
  try {
    part();
  } catch (const DiskFull& error) {
    full = error.what();
  }
  for (const std::string& message : gather(full)) {
    if (!message.empty()) {
      throw DiskFull(message);
    }
  }
}

std::unique_ptr<Group> alone() { return std::make_unique<Alone>(); }

}  // namespace cambium::dist
