#pragma once

#include <string_view>

/// Puts a file into the read-only part of the program and defines `std::string_view name()` over its bytes, which are
/// followed by a zero. `file`: a string literal, a path that the assembler can read. At namespace scope, `name` once in
/// a program.
#define CAMBIUM_EMBED(name, file)                                                                  \
  asm(".pushsection .rodata\n"                                                                     \
      ".balign 16\n"                                                                               \
      "cambium_embedded_" #name                                                                    \
      "_begin:\n"                                                                                  \
      ".incbin \"" file                                                                            \
      "\"\n"                                                                                       \
      "cambium_embedded_" #name                                                                    \
      "_end:\n"                                                                                    \
      ".byte 0\n"                                                                                  \
      ".popsection\n");                                                                            \
  extern "C" {                                                                                     \
  extern const char cambium_embedded_##name##_begin[], cambium_embedded_##name##_end[];            \
  }                                                                                                \
  std::string_view name() {                                                                        \
    return {cambium_embedded_##name##_begin,                                                       \
            static_cast<size_t>(cambium_embedded_##name##_end - cambium_embedded_##name##_begin)}; \
  }
