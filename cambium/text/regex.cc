#include "cambium/text/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <cstdint>
#include <new>

#include "cambium/base/error.h"
#include "cambium/text/regex_dialect.h"

namespace cambium::text {
namespace {

constexpr size_t kJitStackStart = size_t{32} << 10;
constexpr size_t kJitStackMax = size_t{16} << 20;
/// Steps one search may take: a pattern that explodes on some text ends with an error after seconds.
constexpr uint32_t kMatchLimit = 100'000'000;

std::string pcre2_message(int error) {
  std::array<PCRE2_UCHAR, 256> message{};
  pcre2_get_error_message(error, message.data(), message.size());
  return reinterpret_cast<const char*>(message.data());
}

template <typename T>
T* checked(T* pointer) {
  if (pointer == nullptr) {
    throw std::bad_alloc();
  }
  return pointer;
}

}  // namespace

struct RegexScratch::State {
  pcre2_match_data* match = checked(pcre2_match_data_create(1, nullptr));
  pcre2_match_context* context = checked(pcre2_match_context_create(nullptr));
  pcre2_jit_stack* stack = pcre2_jit_stack_create(kJitStackStart, kJitStackMax, nullptr);
};

RegexScratch::RegexScratch() : state_(std::make_unique<State>()) {
  pcre2_set_match_limit(state_->context, kMatchLimit);
  if (state_->stack != nullptr) {  // else matching goes on with the small stack that the library brings
    pcre2_jit_stack_assign(state_->context, nullptr, state_->stack);
  }
}

RegexScratch::~RegexScratch() {
  pcre2_match_data_free(state_->match);
  pcre2_match_context_free(state_->context);
  pcre2_jit_stack_free(state_->stack);
}

struct Regex::Code {
  pcre2_code* code = nullptr;
  std::string what;
  Code() = default;
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  ~Code() { pcre2_code_free(code); }
};

Regex::Regex(std::string_view pattern, std::string_view what) : code_(std::make_unique<Code>()) {
  code_->what = what;
  const std::string translated = to_pcre2(pattern, what);
  const std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)> context(
      checked(pcre2_compile_context_create(nullptr)), pcre2_compile_context_free);
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  size_t offset = 0;
  // MULTILINE: ^ and $ match at lines in this dialect.
  code_->code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error, &offset, context.get());
  if (code_->code == nullptr) {
    bad_input("{}: regex `{}` does not compile: {}", what, pattern, pcre2_message(error));
  }
  pcre2_jit_compile(code_->code, PCRE2_JIT_COMPLETE);  // without it (no executable memory, say) matching is only slower
}

Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

std::optional<Regex::Match> Regex::search(std::string_view text, size_t from, RegexScratch& scratch) const {
  const RegexScratch::State& state = *scratch.state_;
  const int result = pcre2_match(code_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
                                 PCRE2_NO_UTF_CHECK, state.match, state.context);
  if (result == PCRE2_ERROR_NOMATCH) {
    return std::nullopt;
  }
  if (result < 0) {
    fail("{}: matching the regex failed: {}", code_->what, pcre2_message(result));
  }
  const size_t* const bounds = pcre2_get_ovector_pointer(state.match);
  return Match{bounds[0], bounds[1]};
}

}  // namespace cambium::text
