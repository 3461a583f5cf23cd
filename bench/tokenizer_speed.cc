#include "bench/tokenizer_speed.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>

#include "bench/stopwatch.h"
#include "cambium/text/bpe_trainer.h"
#include "cambium/text/utf8.h"
#include "cambium/text/word_counter.h"

namespace cambium::bench {
namespace {

/// Calls `work(i)` for i = 0 … count - 1 on `threads` threads, each taking the next one that is left.
template <typename Work>
void on_threads(int threads, size_t count, Work&& work) {
  std::atomic<size_t> next = 0;
  std::exception_ptr fault;
  std::mutex fault_mutex;
  const auto take = [&] {
    try {
      for (size_t i = next++; i < count; i = next++) {
        work(i);
      }
    } catch (...) {
      const std::lock_guard lock(fault_mutex);
      fault = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    for (int i = 1; i < threads; ++i) {
      others.emplace_back(take);
    }
    take();
  }
  if (fault) {
    std::rethrow_exception(fault);
  }
}

template <typename Pass>
double best_pass(double seconds, Pass&& pass) {
  const Stopwatch watch;
  double best = std::numeric_limits<double>::infinity();
  do {
    best = std::min(best, seconds_of(pass));
  } while (watch.seconds() < seconds);
  return best;
}

}  // namespace

std::vector<std::string_view> pieces_of(std::string_view text) {
  constexpr size_t kPiece = size_t{1} << 16;
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const size_t line_end = text.find('\n', std::min(kPiece, text.size()) - 1);
    pieces.push_back(text.substr(0, line_end == std::string_view::npos ? text.size() : line_end + 1));
    text.remove_prefix(pieces.back().size());
  }
  return pieces;
}

TokenizerSpeed measure_tokenizer(const text::Tokenizer& tokenizer, std::string_view text, int threads, double seconds) {
  text::require_utf8(text);
  const std::vector<std::string_view> pieces = pieces_of(text);
  std::vector<std::vector<int32_t>> ids(pieces.size());
  const auto encode = [&](int threads_now) {
    on_threads(threads_now, pieces.size(), [&](size_t i) {
      ids[i].clear();
      tokenizer.encode(pieces[i], ids[i]);
    });
  };
  encode(1);
  TokenizerSpeed speed;
  speed.bytes = std::ssize(text);
  for (const std::vector<int32_t>& piece : ids) {
    speed.tokens += std::ssize(piece);
  }
  const auto rate = [&](double took) {
    return TokenizerRate{static_cast<double>(speed.tokens) / took, static_cast<double>(speed.bytes) / took};
  };
  speed.encode = rate(best_pass(seconds, [&] { encode(1); }));
  encode(threads);  // each thread remembers words of its own
  speed.encode_threads = rate(best_pass(seconds, [&] { encode(threads); }));
  speed.decode = rate(best_pass(seconds, [&] {
    for (const std::vector<int32_t>& piece : ids) {
      tokenizer.decode(piece);
    }
  }));
  return speed;
}

TokenizerTraining train_tokenizer(std::string_view text, int32_t vocab_size) {
  TokenizerTraining training;
  training.seconds = seconds_of([&] {
    text::WordCounter words;
    words.add(text);
    training.json = text::to_tokenizer_json(text::train_bpe(words.counts(), {.vocab_size = vocab_size}));
  });
  return training;
}

}  // namespace cambium::bench
