#include "apps/cambium/encode_lines.h"

#include <charconv>
#include <exception>
#include <memory>
#include <utility>

#include "apps/cambium/lines.h"
#include "cambium/base/cpu.h"
#include "cambium/base/error.h"
#include "cambium/data/ordered_workers.h"
#include "cambium/formats/streams.h"

namespace {

namespace fs = std::filesystem;
using cambium::text::Tokenizer;

// What a thread takes at a time, and what may be on its way, in bytes of input.
constexpr int64_t kBatchBytes = int64_t{1} << 18;
constexpr size_t kBatchesUnderWay = 128;

struct Batch {
  int64_t first_line;
  std::vector<std::string> lines = {};
  int64_t bytes = 0;
};

struct Encoded {
  std::string text;
  std::exception_ptr fault = {};  ///< of the line behind those in `text`
};

Encoded encode_batch(const Tokenizer& tokenizer, const Batch& batch, const std::string& file) {
  Encoded result;
  std::vector<int32_t> ids;
  int64_t line_number = batch.first_line;
  try {
    for (const std::string& line : batch.lines) {
      ids.clear();
      tokenizer.encode(text_of_line(line, "text", cambium::format("{}:{}", file, line_number++)), ids);
      append_ids(ids, result.text);
    }
  } catch (...) {
    result.fault = std::current_exception();
  }
  return result;
}

}  // namespace

void encode_lines(const Tokenizer& tokenizer, const fs::path& input, int threads) {
  const std::string file = shown(input);
  cambium::formats::LineReader reader(cambium::formats::open_input(input), file);
  cambium::data::OrderedWorkers<Encoded> workers(cambium::thread_count(threads));
  const auto print_next = [&] {
    const Encoded encoded = workers.next();
    print(encoded.text);
    if (encoded.fault) {
      std::rethrow_exception(encoded.fault);
    }
  };
  const auto submit = [&](Batch batch) {
    if (workers.under_way() == kBatchesUnderWay) {
      print_next();
    }
    const auto shared = std::make_shared<Batch>(std::move(batch));  // std::function wants to be copied
    workers.submit([&, shared] { return encode_batch(tokenizer, *shared, file); });
  };
  std::exception_ptr fault;  // what ended the reading; the lines before it are printed all the same
  const auto next_line = [&](std::string& line) {
    try {
      return reader.next(line);
    } catch (const cambium::Error&) {
      fault = std::current_exception();
      return false;
    }
  };
  Batch batch{.first_line = 1};
  for (std::string line; next_line(line);) {
    batch.bytes += std::ssize(line) + 1;
    batch.lines.push_back(std::move(line));
    if (batch.bytes >= kBatchBytes) {
      submit(std::exchange(batch, Batch{.first_line = reader.line_number() + 1}));
    }
  }
  submit(std::move(batch));
  while (workers.under_way() > 0) {
    print_next();
  }
  if (fault) {
    std::rethrow_exception(fault);
  }
}

void append_ids(const std::vector<int32_t>& ids, std::string& text) {
  text += '[';
  const char* separator = "";
  for (const int32_t id : ids) {
    char digits[16];
    text += std::exchange(separator, ",");
    text.append(digits, std::to_chars(digits, digits + sizeof digits, id).ptr);
  }
  text += "]\n";
}
