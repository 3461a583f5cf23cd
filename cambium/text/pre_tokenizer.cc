#include "cambium/text/pre_tokenizer.h"

#include <optional>
#include <string>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/text/published_split.h"
#include "cambium/text/split_merger.h"
#include "cambium/text/unicode.h"
#include "cambium/text/utf8.h"

namespace cambium::text {

using Emit = PreTokenizer::OnWord;

/// One step: cuts a piece into pieces that are not empty.
class PreTokenizer::Step {
 public:
  virtual ~Step() = default;
  virtual void split(std::string_view piece, RegexScratch& scratch, const Emit& emit) const = 0;
};

namespace {

class Digits final : public PreTokenizer::Step {
 public:
  explicit Digits(const DigitsStep& step) : individual_(step.individual) {}

  void split(std::string_view piece, RegexScratch&, const Emit& emit) const override {
    size_t begin = 0;
    bool in_digits = false;
    for (size_t at = 0; at < piece.size();) {
      const size_t here = at;
      const bool digit = is_numeric(next_code_point(piece, at));
      if (here > begin && (digit != in_digits || (digit && individual_))) {
        emit(piece.substr(begin, here - begin));
        begin = here;
      }
      in_digits = digit;
    }
    if (begin < piece.size()) {
      emit(piece.substr(begin));
    }
  }

 private:
  bool individual_;
};

class Split final : public PreTokenizer::Step {
 public:
  Split(SplitStep step, std::string_view what) : step_(std::move(step)) {
    if (step_.is_regex && step_.behavior == SplitBehavior::kIsolated) {  // no gaps: the roles do not matter
      published_ = PublishedSplit::of(step_.pattern);
    }
    if (step_.is_regex && !published_) {
      regex_.emplace(step_.pattern, what);
    }
  }

  void split(std::string_view piece, RegexScratch& scratch, const Emit& emit) const override {
    if (published_) {
      published_->split(piece, emit);
      return;
    }
    const auto emit_range = [&](size_t begin, size_t end) { emit(piece.substr(begin, end - begin)); };
    SplitMerger merger(step_.behavior, emit_range);
    size_t previous = 0;
    const auto on_match = [&](size_t begin, size_t end) {
      if (begin != previous) {
        merger.add(previous, begin, step_.invert);
      }
      merger.add(begin, end, !step_.invert);
      previous = end;
    };
    if (regex_) {
      for_each_match(*regex_, piece, scratch, on_match);
    } else if (!step_.pattern.empty()) {
      for (size_t at = 0; (at = piece.find(step_.pattern, at)) != std::string_view::npos; at = previous) {
        on_match(at, at + step_.pattern.size());
      }
    }
    if (previous != piece.size()) {
      merger.add(previous, piece.size(), step_.invert);
    }
    merger.finish();
  }

 private:
  SplitStep step_;
  std::optional<PublishedSplit> published_;
  std::optional<Regex> regex_;
};

class ByteLevel final : public PreTokenizer::Step {
 public:
  explicit ByteLevel(const ByteLevelStep& step) : add_prefix_space_(step.add_prefix_space) {
    if (step.use_regex) {
      words_ = PublishedSplit::of(kGpt2Pattern);
    }
  }

  void split(std::string_view piece, RegexScratch&, const Emit& emit) const override {
    std::string prefixed;
    if (add_prefix_space_ && !piece.starts_with(' ')) {
      prefixed.reserve(piece.size() + 1);
      prefixed.push_back(' ');
      prefixed += piece;
      piece = prefixed;
    }
    words_ ? words_->split(piece, emit) : emit(piece);
  }

 private:
  bool add_prefix_space_;
  std::optional<PublishedSplit> words_;
};

}  // namespace

PreTokenizer::PreTokenizer(const std::vector<PreTokenizerStep>& steps, std::string_view what) {
  for (const PreTokenizerStep& step : steps) {
    if (const auto* digits = std::get_if<DigitsStep>(&step)) {
      steps_.push_back(std::make_unique<Digits>(*digits));
    } else if (const auto* split = std::get_if<SplitStep>(&step)) {
      steps_.push_back(std::make_unique<Split>(*split, what));
    } else {
      steps_.push_back(std::make_unique<ByteLevel>(std::get<ByteLevelStep>(step)));
    }
  }
}

PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;
PreTokenizer& PreTokenizer::operator=(PreTokenizer&&) noexcept = default;
PreTokenizer::~PreTokenizer() = default;

void PreTokenizer::split(std::string_view text, RegexScratch& scratch, const OnWord& on_word) const {
  if (!text.empty()) {
    run(0, text, scratch, on_word);
  }
}

void PreTokenizer::run(size_t step, std::string_view piece, RegexScratch& scratch, const OnWord& on_word) const {
  if (step == steps_.size()) {
    on_word(piece);
    return;
  }
  // Depth first: no step ever holds a list of its pieces, so memory stays flat on long texts.
  steps_[step]->split(piece, scratch, [&](std::string_view part) { run(step + 1, part, scratch, on_word); });
}

}  // namespace cambium::text
