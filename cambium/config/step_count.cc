#include "cambium/config/step_count.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "cambium/base/error.h"

namespace cambium::config {
namespace {

constexpr double kLargest = 1e15;  // far from where doubles lose integers

struct Scale {
  char letter;
  double factor;
};
constexpr std::array<Scale, 5> kScales{{{'T', 1e12}, {'B', 1e9}, {'M', 1e6}, {'k', 1e3}, {'K', 1e3}}};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<StepCount::Unit> unit_of(std::string_view word) {
  if (word.empty() || word == "step" || word == "steps") {
    return StepCount::Unit::kSteps;
  }
  if (word == "token" || word == "tokens") {
    return StepCount::Unit::kTokens;
  }
  if (word == "epoch" || word == "epochs") {
    return StepCount::Unit::kEpochs;
  }
  return std::nullopt;
}

/// The amount with the largest suffix that keeps it exact and short.
std::string short_amount(double amount) {
  for (const Scale& scale : kScales) {
    const double scaled = amount / scale.factor;
    const std::string text = format("{}", scaled);
    if (scaled >= 1 && text.size() <= 6 && scaled * scale.factor == amount) {
      return text + scale.letter;
    }
  }
  return format("{}", amount);
}

int64_t rounded_up(double steps) {
  if (!(steps <= kLargest)) {
    throw InvalidArgument(format("{} steps are more than can be counted", steps));
  }
  return static_cast<int64_t>(std::ceil(steps));
}

}  // namespace

std::optional<StepCount> parse_step_count(std::string_view text) {
  text = trimmed(text);
  double amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc()) {
    return std::nullopt;
  }
  std::string_view rest = text.substr(static_cast<size_t>(end - text.data()));
  if (!rest.empty()) {
    const auto scale =
        std::find_if(kScales.begin(), kScales.end(), [&](const Scale& s) { return s.letter == rest[0]; });
    if (scale != kScales.end()) {
      amount *= scale->factor;
      rest.remove_prefix(1);
    }
  }
  const auto unit = unit_of(trimmed(rest));
  if (!unit || !(amount >= 0 && amount <= kLargest)) {
    return std::nullopt;
  }
  if (*unit == StepCount::Unit::kSteps && amount != std::floor(amount)) {
    return std::nullopt;
  }
  return StepCount{amount, *unit};
}

std::string to_toml(const StepCount& count) {
  switch (count.unit) {
    case StepCount::Unit::kTokens:
      return '"' + short_amount(count.amount) + " tokens\"";
    case StepCount::Unit::kEpochs:
      return format("\"{} epochs\"", count.amount);
    case StepCount::Unit::kSteps:
      break;
  }
  return format("{}", static_cast<int64_t>(count.amount));
}

int64_t StepCount::steps(int64_t batch_tokens, int64_t epoch_tokens) const {
  switch (unit) {
    case Unit::kTokens:
      return rounded_up(amount / static_cast<double>(batch_tokens));
    case Unit::kEpochs:
      if (epoch_tokens <= 0) {
        throw InvalidInput(format("{} epochs: the length of an epoch is not known before the data is there", amount));
      }
      return rounded_up(amount * static_cast<double>(epoch_tokens) / static_cast<double>(batch_tokens));
    case Unit::kSteps:
      break;
  }
  return rounded_up(amount);
}

}  // namespace cambium::config
